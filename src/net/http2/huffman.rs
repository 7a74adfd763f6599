//! The Huffman code of HPACK (RFC 7541, 5.2 and B).

/// Bits of the code of each byte. Codes go up by their length, and those of one length by the byte.
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
/// Bits of the longest code.
const LONGEST: usize = 30;

/// The bytes in the order of their codes.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let (mut length, mut count) = (0, 0);
    while length <= LONGEST {
        let mut byte = 0;
        while byte < 256 {
            if LENGTHS[byte] as usize == length {
                bytes[count] = byte as u8;
                count += 1;
            }
            byte += 1;
        }
        length += 1;
    }
    bytes
};

/// How many codes there are of each length.
const COUNTS: [u32; LONGEST + 1] = {
    let mut counts = [0; LONGEST + 1];
    let mut byte = 0;
    while byte < 256 {
        counts[LENGTHS[byte] as usize] += 1;
        byte += 1;
    }
    counts
};

/// The text that is coded so, read as latin-1; `None` where it is none.
pub fn read(coded: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(coded.len() * 8 / 5);
    let (mut code, mut first, mut index, mut length) = (0_u32, 0_u32, 0_usize, 0);
    for byte in coded {
        for shift in (0..8).rev() {
            code = code << 1 | u32::from(byte >> shift & 1);
            length += 1;
            let count = *COUNTS.get(length)?;
            first <<= 1;
            if code < first + count {
                text.push(char::from(BYTES[index + (code - first) as usize]));
                (code, first, index, length) = (0, 0, 0, 0);
                continue;
            }
            first += count;
            index += count as usize;
        }
    }
    // What is left is padding: ones, fewer than a byte has.
    let is_padding = length < 8 && code == (1 << length) - 1;
    is_padding.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_all_lengths_are_read() {
        // RFC 7541, C.4.2, and codes of 13 and of 28 bits.
        assert_eq!(read(b"\xa8\xeb\x10\x64\x9c\xbf").unwrap(), "no-cache");
        assert_eq!(read(b"\xff\xc7").unwrap(), "\0");
        assert_eq!(read(b"\xff\xff\xfe\x2f").unwrap(), "\u{2}");
        assert_eq!(read(b"").unwrap(), "");
    }

    #[test]
    fn padding_is_less_than_a_byte_of_ones() {
        // `a` has five bits.
        assert_eq!(read(b"\x1f").unwrap(), "a");
        assert_eq!(read(b"\x18"), None);
        assert_eq!(read(b"\x1f\xff"), None);
        // The end of a string is no code that may be in it.
        assert_eq!(read(b"\xff\xff\xff\xff"), None);
    }
}
