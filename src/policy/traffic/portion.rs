//! How much the JavaScript thread reads at a time.

use std::time::Duration;

/// Handlers take about so long before the others have their turn.
const TURN: Duration = Duration::from_millis(5);

const LEAST: usize = 512;
const FIRST: usize = 8 * 1024;
const MOST: usize = 64 * 1024;

/// So many bytes that their handlers take a turn, going by those before.
#[derive(Debug)]
pub struct Portion(usize);

impl Default for Portion {
    fn default() -> Portion {
        Portion(FIRST)
    }
}

impl Portion {
    pub fn bytes(&self) -> usize {
        self.0
    }

    /// Handlers took so long for so many bytes. It grows in steps: the next messages may be others.
    pub fn took(&mut self, bytes: usize, time: Duration) {
        if bytes == 0 {
            return;
        }
        let fits = (bytes as u128).saturating_mul(TURN.as_nanos()) / time.as_nanos().max(1);
        let fits = usize::try_from(fits).unwrap_or(usize::MAX);
        let most = self.0.saturating_mul(2).min(MOST);
        self.0 = fits.clamp(LEAST, most.max(LEAST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_handlers_are_given_all_that_one_read_takes() {
        let mut portion = Portion::default();
        for _ in 0..10 {
            portion.took(portion.bytes(), Duration::from_micros(10));
        }
        assert_eq!(portion.bytes(), MOST);
    }

    #[test]
    fn slow_handlers_are_given_what_fits_into_a_turn() {
        let mut portion = Portion::default();
        // 100 bytes in 0.1 ms.
        portion.took(8000, Duration::from_millis(8));
        assert_eq!(portion.bytes(), 5000);
        // One message in a second.
        portion.took(100, Duration::from_secs(1));
        assert_eq!(portion.bytes(), LEAST);
    }

    #[test]
    fn it_grows_in_steps() {
        let mut portion = Portion::default();
        portion.took(100, Duration::from_secs(1));
        portion.took(64, Duration::ZERO);
        assert_eq!(portion.bytes(), 2 * LEAST);
    }

    #[test]
    fn what_brings_no_message_tells_nothing() {
        let mut portion = Portion::default();
        portion.took(0, Duration::from_secs(1));
        assert_eq!(portion.bytes(), FIRST);
    }
}
