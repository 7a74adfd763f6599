//! Headers as HTTP/2 compresses them (HPACK, RFC 7541), as far as a client needs it that allows the server no table.
//!
//! So no header block depends on another. What is sent is spelled out.

use super::huffman;

/// Why a block is not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// It cannot be: nothing of the connection can from here on.
    Garbled,
    /// Its headers are more than was allowed.
    TooLong,
    /// Its headers are no answer.
    Malformed,
}

use Unread::Garbled;

/// What a header counts beside its bytes (RFC 7541, 4.1).
const OVERHEAD: usize = 32;

/// The instruction that sets the size of the table to 0. A server that allows a small one waits for it (RFC 7541, 4.2).
pub const NO_TABLE: u8 = 0x20;

/// The static table (RFC 7541, A), from index 1.
const TABLE: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Adds a header to a block. One that is `secret` no one who passes it on may put into a table.
pub fn write(block: &mut Vec<u8>, name: &[u8], value: &[u8], secret: bool) {
    block.push(if secret { 0x10 } else { 0 });
    for text in [name, value] {
        write_number(block, text.len());
        block.extend_from_slice(text);
    }
}

/// A number with a prefix of seven bits, the bit before which is 0: the text that follows is plain.
fn write_number(block: &mut Vec<u8>, number: usize) {
    const MOST: usize = 0x7f;
    if number < MOST {
        block.push(number as u8);
        return;
    }
    block.push(MOST as u8);
    let mut rest = number - MOST;
    while rest >= 0x80 {
        block.push((rest % 0x80) as u8 | 0x80);
        rest /= 0x80;
    }
    block.push(rest as u8);
}

/// The headers of a block, in their order, values read as latin-1. All of them count `most` bytes at most: one byte of a block may make a
/// header of many.
pub fn read(mut block: &[u8], most: usize) -> Result<Vec<(String, String)>, Unread> {
    let mut headers = Vec::new();
    let mut size = 0;
    while let Some(&first) = block.first() {
        let header = match first {
            0x80.. => {
                let (name, value) = entry(take_number(&mut block, 7)?)?;
                (name.to_owned(), value.to_owned())
            }
            // The size of the table, which stays at 0.
            0x20..0x40 => match take_number(&mut block, 5)? {
                0 if headers.is_empty() => continue,
                _ => return Err(Garbled),
            },
            _ => {
                let prefix = if first >= 0x40 { 6 } else { 4 };
                let name = match take_number(&mut block, prefix)? {
                    0 => take_text(&mut block)?,
                    index => entry(index)?.0.to_owned(),
                };
                (name, take_text(&mut block)?)
            }
        };
        size += header.0.chars().count() + header.1.chars().count() + OVERHEAD;
        if size > most {
            return Err(Unread::TooLong);
        }
        headers.push(header);
    }
    Ok(headers)
}

fn entry(index: usize) -> Result<(&'static str, &'static str), Unread> {
    let index = index.checked_sub(1).ok_or(Garbled)?;
    TABLE.get(index).copied().ok_or(Garbled)
}

fn take_number(block: &mut &[u8], prefix: u32) -> Result<usize, Unread> {
    let most = (1 << prefix) - 1;
    let mut number = usize::from(take_byte(block)?) & most;
    if number < most {
        return Ok(number);
    }
    // More bytes than these are no length of anything here.
    for shift in [0, 7, 14] {
        let byte = take_byte(block)?;
        number += usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Garbled)
}

fn take_text(block: &mut &[u8]) -> Result<String, Unread> {
    let is_huffman = block.first().is_some_and(|&first| first >= 0x80);
    let length = take_number(block, 7)?;
    let (text, rest) = block.split_at_checked(length).ok_or(Garbled)?;
    *block = rest;
    if is_huffman {
        return huffman::read(text).ok_or(Garbled);
    }
    Ok(text.iter().copied().map(char::from).collect())
}

fn take_byte(block: &mut &[u8]) -> Result<u8, Unread> {
    let (first, rest) = block.split_first().ok_or(Garbled)?;
    *block = rest;
    Ok(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: usize = 1 << 20;

    #[test]
    fn what_is_written_is_read() {
        let headers = [
            ("x", "1".to_owned()),
            ("x-long", "a".repeat(300)),
            ("x-longer", "b".repeat(20_000)),
            ("empty", String::new()),
        ];
        let mut block = Vec::new();
        for (index, (name, value)) in headers.iter().enumerate() {
            write(&mut block, name.as_bytes(), value.as_bytes(), index == 1);
        }
        let expected = headers.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(read(&block, MANY).unwrap(), expected);
    }

    /// RFC 7541, C.4.1 and C.6.1, without the table.
    #[test]
    fn the_examples_of_the_standard_are_read() {
        let block = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        let told = |block: &[u8]| {
            let headers = read(block, MANY).unwrap();
            let lines = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(
            told(block),
            [
                ":method: GET",
                ":scheme: http",
                ":path: /",
                ":authority: www.example.com"
            ]
        );
        let block = b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff";
        assert_eq!(
            told(block),
            [
                ":status: 302",
                "cache-control: private",
                "date: Mon, 21 Oct 2013 20:13:21 GMT"
            ]
        );
    }

    #[test]
    fn what_is_no_block_is_garbled() {
        let cases: [&[u8]; 10] = [
            // Of the table that the server does not have.
            b"\xbe",
            b"\x7e\x01a",
            b"\x80",
            // A size of that table.
            b"\x3f\xe1\x1f",
            b"\x21",
            // Behind a header, even of 0.
            b"\x82\x20",
            // An index that would not fit.
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            // Cut short.
            b"\x00\x05abc",
            b"\x00",
            b"\x00\x7f\xff\xff\xff\xff",
        ];
        for block in cases {
            assert_eq!(read(block, MANY), Err(Garbled), "{block:?}");
        }
    }
    #[test]
    fn headers_are_no_longer_than_allowed() {
        // `accept-encoding: gzip, deflate`, by its index.
        let block = [0x90; 100];
        let each = "accept-encodinggzip, deflate".len() + OVERHEAD;
        assert_eq!(read(&block, 100 * each).unwrap().len(), 100);
        assert_eq!(read(&block, 100 * each - 1), Err(Unread::TooLong));
    }

    #[test]
    fn a_table_of_no_size_is_what_there_is() {
        let headers = read(&[NO_TABLE, NO_TABLE, 0x82], MANY).unwrap();
        assert_eq!(headers, [(":method".to_owned(), "GET".to_owned())]);
    }
}
