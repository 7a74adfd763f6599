//! The messages that are sent, and their frames as a server writes them.

use std::str::FromStr;

use flate2::{Compress, Compression, FlushCompress};

/// Bytes of all samples together: more than a deflate window, so that no message is a mere copy of one before.
const MOST_BYTES: usize = 512 * 1024;
const MOST: usize = 64;
/// Bytes that one block of frames has at least: several writes' worth.
const BLOCK: usize = 256 * 1024;

/// Sizes of messages in bytes as traffic mixes them.
const MIXED: [usize; 16] = [
    32, 64, 64, 4096, 128, 16, 512, 64, 200, 1024, 48, 64, 16384, 256, 96, 700,
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
    /// Text beyond ASCII: Latin-1 and CJK in turns.
    Unicode,
    /// Text of many sizes.
    Mixed,
    Json,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "text" => Ok(Self::Text),
            "binary" => Ok(Self::Binary),
            "unicode" => Ok(Self::Unicode),
            "mixed" => Ok(Self::Mixed),
            "json" => Ok(Self::Json),
            _ => Err(format!("no kind {name}")),
        }
    }
}

/// The messages of a kind, of `size` bytes each; a power of two of them, so that a client cycles through them cheaply.
pub fn samples(kind: Kind, size: usize) -> Vec<String> {
    let most = MOST_BYTES / size.max(1);
    let count = if most >= MOST {
        MOST
    } else {
        most.next_power_of_two()
    };
    (0..count)
        .map(|index| match kind {
            Kind::Text | Kind::Binary => {
                cycled("The quick brown fox jumps over the lazy dog. ", index, size)
            }
            Kind::Unicode if index % 2 == 0 => cycled(
                "Grüße aus Köln, déjà vu à São Paulo, på smörgåsbord. ",
                index,
                size,
            ),
            Kind::Unicode => cycled(
                "今日は世界、春眠不觉晓，处处闻啼鸟。안녕하세요 ",
                index,
                size,
            ),
            Kind::Mixed => cycled(
                "The quick brown fox jumps over the lazy dog. ",
                index,
                MIXED[index % MIXED.len()],
            ),
            Kind::Json => json(index, size),
        })
        .collect()
}

/// Exactly `size` bytes, beginning `index` characters into `phrase`.
fn cycled(phrase: &str, index: usize, size: usize) -> String {
    let mut text = String::with_capacity(size);
    for char in phrase.chars().cycle().skip(index) {
        if text.len() + char.len_utf8() > size {
            break;
        }
        text.push(char);
    }
    text.extend(std::iter::repeat_n('.', size - text.len()));
    text
}

/// Quotes of a market, as an API sends them: the same names every time, other numbers.
fn json(index: usize, size: usize) -> String {
    let mut state = index as u32 + 1;
    let mut number = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let mut text = format!(
        r#"{{"type":"quotes","sequence":{},"quotes":["#,
        number(1_000_000)
    );
    loop {
        let quote = format!(
            r#"{{"symbol":"SYM{}","bid":{}.{:02},"ask":{}.{:02},"volume":{}}},"#,
            number(500),
            number(1000),
            number(100),
            number(1000),
            number(100),
            number(1_000_000)
        );
        if text.len() + quote.len() + r#"],"note":""}"#.len() > size {
            break;
        }
        text.push_str(&quote);
    }
    text.truncate(text.trim_end_matches(',').len());
    text.push_str(r#"],"note":""#);
    while text.len() + 2 < size {
        text.push(char::from(b'a' + number(26) as u8));
    }
    text.push_str("\"}");
    text
}

/// Frames that a flood sends: all samples in order, again and again.
pub struct Load {
    /// Sent once, before the first block: what compressed blocks refer back to.
    pub first: Vec<u8>,
    /// Sent over and over.
    pub block: Vec<u8>,
}

impl Load {
    pub fn new(kind: Kind, size: usize, deflate: bool) -> Self {
        let samples = samples(kind, size);
        if deflate {
            // Each block begins where a block has ended, so what it refers back to is always the same.
            let mut deflater = Deflater::new();
            let mut period = || {
                let mut block = Vec::new();
                for sample in &samples {
                    frame(0xc1, &deflater.deflate(sample), &mut block);
                }
                block
            };
            return Self {
                first: period(),
                block: period(),
            };
        }
        let first = if kind == Kind::Binary { 0x82 } else { 0x81 };
        let mut block = Vec::new();
        while block.len() < BLOCK {
            for sample in &samples {
                frame(first, sample.as_bytes(), &mut block);
            }
        }
        Self {
            first: Vec::new(),
            block,
        }
    }
}

/// Appends a frame as servers send it; `first` is its first byte.
pub fn frame(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    match payload.len() {
        len @ 0..126 => out.push(len as u8),
        len @ 126..65536 => {
            out.push(126);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out.extend(payload);
}

/// permessage-deflate that keeps its context from message to message (RFC 7692).
struct Deflater(Compress);

impl Deflater {
    fn new() -> Self {
        Self(Compress::new(Compression::default(), false))
    }

    fn deflate(&mut self, message: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len() + 64);
        // A vector with room for the whole never needs a second round, and memory never fails to compress.
        let _ = self
            .0
            .compress_vec(message.as_bytes(), &mut out, FlushCompress::Sync);
        out.truncate(out.len() - 4);
        out
    }
}
