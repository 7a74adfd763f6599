//! Durations and counts, as wide as the platform needs them.
//!
//! JavaScript has numbers of 53 bits, and code for 64 bits is twice as long there: under the feature `browser` a duration is an
//! `f64` and a count a `u32`. Everywhere else they are those of `std`.

use std::cmp::Ordering;

#[cfg(not(feature = "browser"))]
mod wide;
#[cfg(not(feature = "browser"))]
pub use wide::{Count, Duration};
#[cfg(not(feature = "browser"))]
pub(crate) use wide::{micros, millis, of_micros, of_millis};

#[cfg(feature = "browser")]
mod small;
#[cfg(feature = "browser")]
pub use small::{Count, Duration};
#[cfg(feature = "browser")]
pub(crate) use small::{micros, millis, of_micros, of_millis};

/// The order of two numbers, neither of which is NaN.
pub(super) fn order(one: f64, other: f64) -> Ordering {
    if one < other {
        Ordering::Less
    } else if one > other {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// A text with a whole number in it, without the machinery of formatting: that is a tenth of what a browser would load.
pub(super) fn with_number(before: &str, number: f64, after: &str) -> String {
    let mut text = before.to_owned();
    let mut unit = 1.0;
    while unit * 10.0 <= number {
        unit *= 10.0;
    }
    let mut rest = number;
    while unit >= 1.0 {
        let digit = (rest / unit).floor();
        rest -= digit * unit;
        unit /= 10.0;
        let at = digit as usize;
        text.push_str(&"0123456789"[at..=at]);
    }
    text.push_str(after);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_with_all_its_digits() {
        for number in [0, 7, 10, 2500, 1_000_000_007] {
            let expected = format!("a {number} b");
            assert_eq!(with_number("a ", f64::from(number), " b"), expected);
        }
    }

    #[test]
    fn milliseconds_are_whole_and_microseconds_are_kept() {
        assert_eq!(of_millis(7.9), Duration::from_millis(7));
        assert_eq!(millis(Duration::from_micros(1500)), 1.5);
        assert_eq!(of_micros(1500.0), Duration::from_micros(1500));
        assert_eq!(micros(Duration::from_secs(2)), 2e6);
        assert_eq!(of_micros(-1.0), Duration::ZERO);
    }
}
