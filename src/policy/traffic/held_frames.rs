//! Frames that wait: what a client says by itself, while the peer does not read, and a close frame of the user's, while
//! JavaScript still reads what goes before it.

use std::mem;

use crate::policy::Rare;

/// Where so many bytes wait to be written, the peer does not read.
const STUCK: usize = 64 * 1024;

/// A frame that a client sends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnFrame {
    /// The answer to a ping with this payload.
    Pong(Vec<u8>),
    /// The heartbeat's message.
    Beat,
    Ping([u8; 8]),
}

/// Frames that a client sends by itself, held back while the peer does not read: of each kind the latest.
///
/// An endpoint may answer the latest ping alone (RFC 6455, 5.5.3), and the pong for one of ours stands for
/// those before it. So a peer that goes on without reading costs no more memory.
#[derive(Debug, Default)]
pub struct HeldFrames {
    held: Rare<Latest>,
}

#[derive(Debug, Default)]
struct Latest {
    pong: Option<Vec<u8>>,
    ping: Option<[u8; 8]>,
    beat: bool,
}

impl HeldFrames {
    pub fn ping(&mut self, payload: [u8; 8]) {
        self.held.used().ping = Some(payload);
    }

    pub fn beat(&mut self) {
        self.held.used().beat = true;
    }

    /// Whether the answers to these pings wait, where so many bytes do. Otherwise each is to be written.
    pub fn holds_pongs<'a>(
        &mut self,
        pings: impl Iterator<Item = &'a [u8]>,
        waiting: usize,
    ) -> bool {
        let holds = waiting >= STUCK;
        if holds && let Some(latest) = pings.last() {
            self.held.used().pong = Some(latest.to_vec());
        }
        holds
    }

    /// The next frame to write, where so many bytes wait.
    #[inline]
    pub fn next_frame(&mut self, waiting: usize) -> Option<OwnFrame> {
        if waiting >= STUCK {
            return None;
        }
        let frame = self.held.get_mut()?.next_frame();
        if frame.is_none() {
            self.held.clear();
        }
        frame
    }
}

impl Latest {
    fn next_frame(&mut self) -> Option<OwnFrame> {
        if let Some(payload) = self.pong.take() {
            return Some(OwnFrame::Pong(payload));
        }
        if mem::take(&mut self.beat) {
            return Some(OwnFrame::Beat);
        }
        self.ping.take().map(OwnFrame::Ping)
    }
}

/// The close frame of the user's, as code and reason, which waits while JavaScript still reads what is to be sent before it.
#[derive(Debug, Default)]
pub struct HeldClose {
    holds: bool,
    /// Boxed, since every client has room for it.
    close: Option<Box<(u16, String)>>,
}

impl HeldClose {
    /// JavaScript still reads what goes before, or does no longer. The close frame that has waited for that.
    pub fn hold(&mut self, holds: bool) -> Option<(u16, String)> {
        self.holds = holds;
        self.close.take_if(|_| !holds).map(|close| *close)
    }

    /// The user closes. The close frame, where it is to be written now.
    pub fn close(&mut self, code: u16, reason: String) -> Option<(u16, String)> {
        self.close = Some(Box::new((code, reason)));
        self.hold(self.holds)
    }

    /// The connection is over.
    pub fn forget(&mut self) {
        self.close = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINGS: [&[u8]; 2] = [b"a", b"b"];

    /// All that is to be written, where so many bytes wait.
    fn frames(held: &mut HeldFrames, waiting: usize) -> Vec<OwnFrame> {
        std::iter::from_fn(|| held.next_frame(waiting)).collect()
    }

    #[test]
    fn each_ping_is_answered_while_the_peer_reads() {
        let mut held = HeldFrames::default();
        assert!(!held.holds_pongs(PINGS.into_iter(), STUCK - 1));
        assert_eq!(frames(&mut held, 0), []);
    }

    #[test]
    fn the_latest_of_each_kind_waits_until_the_peer_reads() {
        let mut held = HeldFrames::default();
        for number in [1, 2] {
            held.ping([number; 8]);
            held.beat();
            assert!(held.holds_pongs(PINGS.into_iter(), STUCK));
        }
        // A read without pings is no answer to those before.
        assert!(held.holds_pongs([].into_iter(), STUCK));
        assert_eq!(frames(&mut held, STUCK), []);
        let latest = [
            OwnFrame::Pong(b"b".to_vec()),
            OwnFrame::Beat,
            OwnFrame::Ping([2; 8]),
        ];
        assert_eq!(frames(&mut held, STUCK - 1), latest);
        assert_eq!(frames(&mut held, 0), []);
    }

    #[test]
    fn a_close_frame_is_written_at_once_where_nothing_goes_before_it() {
        let mut held = HeldClose::default();
        assert_eq!(
            held.close(1000, "bye".to_owned()),
            Some((1000, "bye".to_owned()))
        );
        assert_eq!(held.hold(true), None);
        assert_eq!(held.hold(false), None);
    }

    #[test]
    fn a_close_frame_waits_for_what_goes_before_it() {
        let mut held = HeldClose::default();
        assert_eq!(held.hold(true), None);
        assert_eq!(held.close(1001, String::new()), None);
        assert_eq!(held.hold(true), None);
        assert_eq!(held.hold(false), Some((1001, String::new())));
        assert_eq!(held.hold(false), None);
    }

    #[test]
    fn a_close_frame_that_waits_ends_with_its_connection() {
        let mut held = HeldClose::default();
        held.hold(true);
        held.close(1000, String::new());
        held.forget();
        assert_eq!(held.hold(false), None);
    }
}
