//! How bytes and notices move between a user, the engine and the peer: what goes first, what waits, and for how long.

mod held_frames;
mod reply_order;
mod send_rate;

pub use held_frames::{HeldClose, HeldFrames, OwnFrame};
pub use reply_order::ReplyOrder;
pub use send_rate::SendRate;
