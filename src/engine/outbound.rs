//! Frames on their way to the socket.

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    bytes: Vec<u8>,
    /// So many of the bytes are written. They are dropped with the last: to move what is left, at each write of a part,
    /// would cost its length.
    written: usize,
}

impl Outbound {
    /// The bytes that are not written yet.
    pub fn unwritten(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    pub fn len(&self) -> usize {
        self.unwritten().len()
    }

    pub fn is_empty(&self) -> bool {
        self.unwritten().is_empty()
    }

    /// Tells that so many bytes more are written.
    pub fn advance(&mut self, count: usize) {
        self.written += count;
        if self.is_empty() {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
    }

    /// The memory that it holds.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Where frames are added.
    pub fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}
