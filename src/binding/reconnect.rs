//! When and where to connect again, as the facade hands it over.

use std::time::Duration;

use super::options::ms;
use crate::policy::{Asked, Failover, Jitter, Reconnect};

/// The numbers of the facade, in the order of `reconnectSettings` in `lib/reconnect-options.js`.
/// Times are in ms.
pub fn reconnect(numbers: &[f64]) -> Reconnect {
    let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let is = |index| at(index) != 0.0;
    Reconnect {
        min_uptime: ms(at(0)),
        max_retry_after: ms(at(1)),
        connection_timeout: at(2).is_finite().then(|| ms(at(2))),
        only_transient: is(3),
        asked: Asked {
            route: is(4),
            retry: is(5),
        },
        failover: Failover {
            urls: (at(6) as usize).max(1),
            random: is(7),
            prefer_first: Some(ms(at(8))).filter(|time| *time > Duration::ZERO),
        },
    }
}

/// A share, or one of the kinds by its number in `lib/reconnect-options.js`.
pub fn jitter(value: f64) -> Jitter {
    const FULL: f64 = -1.0;
    const EQUAL: f64 = -2.0;
    const DECORRELATED: f64 = -3.0;
    if value == FULL {
        Jitter::Full
    } else if value == EQUAL {
        Jitter::Equal
    } else if value == DECORRELATED {
        Jitter::Decorrelated
    } else if value > 0.0 {
        Jitter::Spread(value)
    } else {
        Jitter::None
    }
}
