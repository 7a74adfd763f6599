//! How bytes and notices move between a user, the engine and the peer: what goes first, what waits, and for how long.

mod end;
mod held_frames;
mod portion;
mod read_ahead;
mod read_order;
mod reply_order;
mod rest;
mod send_rate;
mod turns;

pub use end::{End, LastFrame, NO_STATUS, PendingEnd};
pub use held_frames::{HeldClose, HeldFrames, OwnFrame};
pub use portion::Portion;
pub use read_ahead::{falls_to_a_mark, is_too_far_ahead, may_read_again};
pub use read_order::ReadOrder;
pub use reply_order::ReplyOrder;
pub use rest::{IdleMemory, Linger};
pub use send_rate::SendRate;
pub use turns::{Told, Turns};
