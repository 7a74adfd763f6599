//! What holds whatever a server sends.

use super::{MAX_HEAD, STREAM_WINDOW, Session, WIDEST};

impl Session {
    pub fn assert_bounded(&self) {
        assert!((0..=WIDEST).contains(&self.window));
        let block = self.block.as_ref();
        assert!(
            block.is_none_or(|block| block.bytes.len() <= block.size && block.size <= MAX_HEAD)
        );
        for stream in self.streams.values() {
            let come = stream.data.len() + stream.read;
            assert_eq!(stream.receive_window, (STREAM_WINDOW - come) as i64);
            assert!(stream.window <= WIDEST);
        }
    }
}
