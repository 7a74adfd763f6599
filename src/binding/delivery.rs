//! How messages are kept, as the facade hands it over; `lib/delivery.js` has checked it.

use std::time::Duration;

use napi_derive::napi;

use super::options::Code;
use crate::engine::{Marks, SendError, Sent};
use crate::policy::{DeliverySettings, DropReason, Guarantee, Overflow, UnconfirmedReason};

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
    /// In bytes; may be infinite.
    pub high_water_mark: f64,
    /// In bytes; may be infinite.
    pub max_buffered_amount: f64,
}

impl From<RawDelivery> for DeliverySettings {
    fn from(raw: RawDelivery) -> DeliverySettings {
        DeliverySettings {
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

/// Limits of what is buffered, in bytes; each may be infinite.
pub fn marks(high_water: f64, max: f64) -> Marks {
    Marks {
        high_water: high_water as usize,
        max: max as usize,
    }
}

/// What `send` led to, as a sum of the bits in `lib/delivery.js`.
pub fn status(sent: Result<Sent, SendError>) -> u32 {
    match sent {
        Ok(sent) => u32::from(sent.above) | u32::from(sent.dropped) << 1,
        Err(SendError::QueueFull(_)) => 4,
        Err(SendError::BufferFull) => 8,
    }
}

/// The receipt that was asked for, or why the message was not taken.
pub fn receipt(sent: Result<Sent, SendError>) -> Result<f64, napi::Error<Code>> {
    match sent {
        Ok(sent) => Ok(sent.receipt.unwrap_or_default() as f64),
        Err(refused) => {
            let code = match refused {
                SendError::QueueFull(_) => "WSR_ERR_QUEUE_FULL",
                SendError::BufferFull => "WSR_ERR_BUFFER_FULL",
            };
            Err(napi::Error::new(Code(code), refused.to_string()))
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
pub fn doubt(reason: UnconfirmedReason) -> u32 {
    match reason {
        UnconfirmedReason::Lost => 0,
        UnconfirmedReason::TimedOut => 1,
        UnconfirmedReason::Dropped(DropReason::Overflow) => 2,
        UnconfirmedReason::Dropped(DropReason::Expired) => 3,
        UnconfirmedReason::Dropped(DropReason::Ended) | UnconfirmedReason::Ended => 4,
        UnconfirmedReason::NotConnected => 5,
    }
}
