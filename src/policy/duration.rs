//! Durations and counts, as wide as the platform needs them.
//!
//! JavaScript has numbers of 53 bits, and code for 64 bits is twice as long there: under the feature `browser` a duration is an
//! `f64` and a count a `u32`. Everywhere else they are those of `std`.

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

/// A number of milliseconds as text, without the machinery of formatting: that is a tenth of what a browser would load.
pub(super) fn decimal(mut number: f64) -> String {
    let mut digits = Vec::new();
    loop {
        let tens = (number / 10.0).floor();
        digits.push(b'0' + (number - tens * 10.0) as u8);
        number = tens;
        if number < 1.0 {
            break;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(*digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_with_all_its_digits() {
        for number in [0, 7, 10, 2500, 1_000_000_007] {
            assert_eq!(decimal(f64::from(number)), number.to_string());
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
