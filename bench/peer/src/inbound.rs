//! The frames of a client, as the server reads them. It looks at the bytes of a payload only where it must: the server
//! must not be the limit.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What has been read and is not handled yet.
pub struct Inbound {
    buffer: Vec<u8>,
    /// The frames before are handled.
    begin: usize,
    end: usize,
}

/// A whole frame.
pub struct Frame<'a> {
    /// FIN, RSV and opcode.
    first: u8,
    key: [u8; 4],
    masked: &'a [u8],
}

impl Frame<'_> {
    pub fn len(&self) -> usize {
        self.masked.len()
    }

    /// Whether it ends its message.
    pub fn is_last(&self) -> bool {
        self.first & 0x80 != 0
    }

    pub fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    pub fn is_compressed(&self) -> bool {
        self.first & 0x40 != 0
    }

    pub fn payload(&self) -> Vec<u8> {
        let keys = self.key.iter().cycle();
        self.masked
            .iter()
            .zip(keys)
            .map(|(byte, key)| byte ^ key)
            .collect()
    }
}

impl Inbound {
    /// `size` bytes are read at once; a longer frame makes the buffer grow.
    pub fn new(size: usize) -> Self {
        Self {
            buffer: vec![0; size],
            begin: 0,
            end: 0,
        }
    }

    /// Reads once; false at the end. Nothing is lost when it is dropped.
    pub async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<bool> {
        self.buffer.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        let read = stream.read(&mut self.buffer[self.end..]).await?;
        self.end += read;
        Ok(read > 0)
    }

    /// The next frame that is wholly there.
    pub fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        let rest = &self.buffer[self.begin..self.end];
        let [first, second, after @ ..] = rest else {
            return Ok(None);
        };
        if second & 0x80 == 0 {
            return Err(io::Error::other("a frame of a client that is not masked"));
        }
        let (len, after) = match (second & 0x7f, after) {
            (126, [a, b, after @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), after),
            (127, [a, b, c, d, e, f, g, h, after @ ..]) => {
                let len = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                (len as usize, after)
            }
            (126 | 127, _) => return Ok(None),
            (len, after) => (usize::from(len), after),
        };
        let [a, b, c, d, after @ ..] = after else {
            return Ok(None);
        };
        let Some(masked) = after.get(..len) else {
            return Ok(None);
        };
        self.begin = self.end - (after.len() - len);
        Ok(Some(Frame {
            first: *first,
            key: [*a, *b, *c, *d],
            masked,
        }))
    }
}
