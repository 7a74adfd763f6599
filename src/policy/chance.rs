//! Where the policy's random numbers come from.

use rand::{Rng, RngExt};

/// A source of random numbers: any generator, or what a caller without one has of its own.
pub trait Chance {
    /// Anything from 0 up to, and without, 1.
    fn share(&mut self) -> f64;

    /// Any of the numbers from 0 up to, and without, `end`.
    fn below(&mut self, end: f64) -> f64 {
        (self.share() * end).floor()
    }
}

impl<R: Rng> Chance for R {
    fn share(&mut self) -> f64 {
        self.random()
    }
}
