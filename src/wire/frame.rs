//! Frame headers and masking (RFC 6455, 5.2 and 5.3).

use super::violation::{MAX_CONTROL, Violation};

/// Longest header that a server may send: it does not mask.
pub(super) const MAX_SERVER_HEAD: usize = 10;
/// Longest header that a client sends.
pub(super) const MAX_CLIENT_HEAD: usize = 14;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASKED: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn parse(byte: u8) -> Result<Self, Violation> {
        match byte & 0x0f {
            0 => Ok(Self::Continuation),
            1 => Ok(Self::Text),
            2 => Ok(Self::Binary),
            8 => Ok(Self::Close),
            9 => Ok(Self::Ping),
            10 => Ok(Self::Pong),
            reserved => Err(Violation::Opcode(reserved)),
        }
    }

    pub(super) const fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// The header of a frame from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub opcode: Opcode,
    pub fin: bool,
    pub compressed: bool,
    pub len: u64,
}

/// What the header of the next frame is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub deflate: bool,
    pub in_message: bool,
}

impl Head {
    /// Reads a header from the front of `bytes`; gives it with its size, or `None` where bytes lack.
    ///
    /// What is wrong is found with the first byte that shows it, so that a cut changes nothing.
    #[inline]
    pub(super) fn parse(
        bytes: &[u8],
        context: Context,
    ) -> Result<Option<(Self, usize)>, Violation> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        let opcode = Opcode::parse(first)?;
        let fin = first & FIN != 0;
        let compressed = first & RSV1 != 0;
        if first & RSV2_RSV3 != 0 || (compressed && !context.deflate) {
            return Err(Violation::ReservedBits(first));
        }
        if compressed && (opcode.is_control() || opcode == Opcode::Continuation) {
            return Err(Violation::CompressedBit(first));
        }
        if opcode.is_control() {
            if !fin {
                return Err(Violation::FragmentedControl);
            }
        } else if (opcode == Opcode::Continuation) != context.in_message {
            return Err(if context.in_message {
                Violation::Interrupted
            } else {
                Violation::Continuation
            });
        }

        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        if second & MASKED != 0 {
            return Err(Violation::Masked);
        }
        if opcode.is_control() && usize::from(second) > MAX_CONTROL {
            return Err(Violation::LongControl);
        }
        let (len, size) = match second {
            LENGTH_16 => match bytes[2..].first_chunk() {
                Some(&len) => (u64::from(u16::from_be_bytes(len)), 4),
                None => return Ok(None),
            },
            LENGTH_64 => match bytes[2..].first_chunk() {
                Some(&len) => (u64::from_be_bytes(len), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        if (size == 4 && len < 126) || (size == 10 && len <= u64::from(u16::MAX)) {
            return Err(Violation::LongLength(len));
        }
        if len > i64::MAX as u64 {
            return Err(Violation::Length(len));
        }
        let head = Self {
            opcode,
            fin,
            compressed,
            len,
        };
        Ok(Some((head, size)))
    }
}

/// A header of a client's frame: one whole message, masked with `key`.
pub(super) struct ClientHead {
    bytes: [u8; MAX_CLIENT_HEAD],
    size: usize,
}

impl ClientHead {
    #[inline]
    pub(super) fn new(opcode: Opcode, compressed: bool, len: usize, key: [u8; 4]) -> Self {
        let mut bytes = [0; MAX_CLIENT_HEAD];
        bytes[0] = FIN | if compressed { RSV1 } else { 0 } | opcode as u8;
        let mut size = match len {
            0..126 => {
                bytes[1] = MASKED | len as u8;
                2
            }
            126..65536 => {
                bytes[1] = MASKED | LENGTH_16;
                bytes[2..4].copy_from_slice(&(len as u16).to_be_bytes());
                4
            }
            _ => {
                bytes[1] = MASKED | LENGTH_64;
                bytes[2..10].copy_from_slice(&(len as u64).to_be_bytes());
                10
            }
        };
        bytes[size..size + 4].copy_from_slice(&key);
        size += 4;
        Self { bytes, size }
    }
}

impl AsRef<[u8]> for ClientHead {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.size]
    }
}

/// Masks, or unmasks, `bytes` with `key`, beginning at the key's first byte.
#[inline]
pub(super) fn mask(bytes: &mut [u8], key: [u8; 4]) {
    let wide = u64::from_ne_bytes([
        key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3],
    ]);
    let (words, rest) = bytes.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_any_length_is_the_byte_by_byte_exclusive_or() {
        let key = [0x11, 0x22, 0x44, 0x88];
        for len in 0..200 {
            let plain: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let mut masked = plain.clone();
            mask(&mut masked, key);
            let expected: Vec<u8> = plain
                .iter()
                .zip(key.iter().cycle())
                .map(|(byte, key)| byte ^ key)
                .collect();
            assert_eq!(masked, expected);
        }
    }

    #[test]
    fn a_client_head_uses_the_shortest_length() {
        let size = |len| {
            ClientHead::new(Opcode::Binary, false, len, [0; 4])
                .as_ref()
                .len()
        };
        assert_eq!([0, 125, 126, 65535, 65536].map(size), [6, 6, 8, 8, 14]);
    }

    #[test]
    fn a_head_is_read_only_when_it_is_whole() {
        let context = Context {
            deflate: false,
            in_message: false,
        };
        let bytes = [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0];
        for cut in 0..bytes.len() {
            assert_eq!(Head::parse(&bytes[..cut], context), Ok(None));
        }
        let head = Head {
            opcode: Opcode::Binary,
            fin: true,
            compressed: false,
            len: 65536,
        };
        assert_eq!(Head::parse(&bytes, context), Ok(Some((head, 10))));
    }
}
