//! When a server that refuses asks to come back.

use std::time::{Duration, UNIX_EPOCH};

/// How long after `now`, which counts from the epoch, the server asks to be left alone (`Retry-After`,
/// RFC 9110, 10.2.3): in seconds, or until a date. What cannot be read, and a date that has passed, ask
/// for nothing.
pub fn retry_after(headers: &[(String, String)], now: Duration) -> Option<Duration> {
    let (_, value) = headers.iter().find(|(name, _)| name == "retry-after")?;
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    until.duration_since(UNIX_EPOCH).ok()?.checked_sub(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT
    const NOW: Duration = Duration::from_secs(784_111_777);

    #[test]
    fn seconds_are_taken_as_they_are() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked(" 0 "), Some(Duration::ZERO));
        assert_eq!(
            asked("99999999999999999999"),
            Some(Duration::from_secs(u64::MAX))
        );
    }

    #[test]
    fn a_date_of_each_form_counts_from_the_clock() {
        for date in [
            "Sun, 06 Nov 1994 08:50:37 GMT",
            "Sunday, 06-Nov-94 08:50:37 GMT",
            "Sun Nov  6 08:50:37 1994",
        ] {
            assert_eq!(asked(date), Some(Duration::from_secs(60)), "{date}");
        }
    }

    #[test]
    fn what_says_no_time_to_come_asks_for_nothing() {
        for value in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994 08:49:36 GMT"] {
            assert_eq!(asked(value), None, "{value}");
        }
        assert_eq!(retry_after(&[], NOW), None);
    }

    fn asked(value: &str) -> Option<Duration> {
        let headers = [
            ("server".to_owned(), "x".to_owned()),
            ("retry-after".to_owned(), value.to_owned()),
        ];
        retry_after(&headers, NOW)
    }
}
