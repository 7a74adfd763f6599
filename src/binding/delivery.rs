//! How messages are kept, as the facade hands it over; `lib/delivery.js` has checked it.

use std::time::Duration;

use napi_derive::napi;

use crate::policy::{Delivery, DropReason, Doubt, Guarantee, Overflow};

#[napi(object, object_to_js = false)]
pub struct RawDelivery {
    pub queues: bool,
    pub at_least_once: bool,
    /// May be infinite.
    pub max_messages: f64,
    /// May be infinite.
    pub max_bytes: f64,
    /// 0 throws, 1 drops the oldest, 2 the newest.
    pub overflow: u32,
    /// In ms; 0 is none.
    pub ttl: f64,
}

impl From<RawDelivery> for Delivery {
    fn from(raw: RawDelivery) -> Delivery {
        Delivery {
            queues: raw.queues,
            guarantee: if raw.at_least_once {
                Guarantee::AtLeastOnce
            } else {
                Guarantee::AtMostOnce
            },
            max_messages: raw.max_messages as usize,
            max_bytes: raw.max_bytes as usize,
            overflow: match raw.overflow {
                1 => Overflow::DropOldest,
                2 => Overflow::DropNewest,
                _ => Overflow::Throw,
            },
            ttl: limit(raw.ttl),
        }
    }
}

/// A time limit of so many ms; 0 is none.
pub fn limit(ms: f64) -> Option<Duration> {
    (ms > 0.0).then(|| Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX))
}

/// The number of a reason in `lib/delivery.js`.
pub fn reason(reason: DropReason) -> u32 {
    match reason {
        DropReason::Overflow => 0,
        DropReason::Expired => 1,
        DropReason::Ended => 2,
    }
}

/// The number of a doubt in `lib/delivery.js`.
pub fn doubt(doubt: Doubt) -> u32 {
    match doubt {
        Doubt::Lost => 0,
        Doubt::TimedOut => 1,
        Doubt::Dropped(DropReason::Overflow) => 2,
        Doubt::Dropped(DropReason::Expired) => 3,
        Doubt::Dropped(DropReason::Ended) | Doubt::Ended => 4,
        Doubt::NotConnected => 5,
    }
}
