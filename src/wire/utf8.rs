//! UTF-8 that is checked as it arrives.

/// Text put together from pieces that may be cut inside a character.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    text: String,
    tail: [u8; 4],
    tail_len: usize,
}

impl Utf8 {
    /// Bytes so far, those of a character that is not complete among them.
    pub(super) fn len(&self) -> usize {
        self.text.len() + self.tail_len
    }

    /// Appends `bytes`; fails with the place of the first bad byte, even inside a character that is
    /// not complete. `left` more bytes are promised, and `ceiling` is a length known to be enough.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        left: usize,
        ceiling: usize,
    ) -> Result<(), usize> {
        let more = growth(
            self.text.len(),
            self.text.capacity(),
            self.tail_len + bytes.len(),
            left,
            ceiling,
        );
        self.text.reserve_exact(more);
        while self.tail_len > 0 {
            let Some((&byte, rest)) = bytes.split_first() else {
                return Ok(());
            };
            bytes = rest;
            self.tail[self.tail_len] = byte;
            self.tail_len += 1;
            match std::str::from_utf8(&self.tail[..self.tail_len]) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.tail_len = 0;
                }
                Err(error) if error.error_len().is_some() => return Err(self.text.len()),
                Err(_) => {}
            }
        }
        let (whole, tail) = bytes.split_at(bytes.len() - incomplete(bytes));
        match simdutf8::basic::from_utf8(whole) {
            Ok(whole) => self.text.push_str(whole),
            Err(_) => return Err(self.text.len() + valid_up_to(whole)),
        }
        self.tail[..tail.len()].copy_from_slice(tail);
        self.tail_len = tail.len();
        match std::str::from_utf8(tail) {
            Err(error) if error.error_len().is_some() => Err(self.text.len()),
            Err(_) | Ok(_) => Ok(()),
        }
    }

    /// The text, if no character is left incomplete; else the place of the one that is.
    pub(super) fn finish(self) -> Result<String, usize> {
        if self.tail_len == 0 {
            Ok(self.text)
        } else {
            Err(self.text.len())
        }
    }
}

/// `bytes` as text, or the place of the first byte that is not UTF-8.
#[inline]
pub(super) fn whole(bytes: &[u8]) -> Result<&str, usize> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| valid_up_to(bytes))
}

/// By how much to grow a buffer of `len` bytes so that `extra` fit: at least to double, so that many
/// small pieces cost no more than one large, and for the `left` bytes that a header promised as well,
/// of which no more than 64 KiB are believed; but not past `ceiling`.
pub(super) fn growth(
    len: usize,
    capacity: usize,
    extra: usize,
    left: usize,
    ceiling: usize,
) -> usize {
    let needed = len.saturating_add(extra);
    if needed <= capacity {
        return 0;
    }
    let believed = needed.saturating_add(left.min(64 * 1024));
    capacity
        .saturating_mul(2)
        .max(believed)
        .min(ceiling)
        .max(needed)
        - len
}

#[cold]
fn valid_up_to(bytes: &[u8]) -> usize {
    simdutf8::compat::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
}

/// How many bytes at the end begin a character whose rest is still to come: 0 to 3.
fn incomplete(bytes: &[u8]) -> usize {
    let back = bytes
        .iter()
        .rev()
        .take(3)
        .position(|byte| byte & 0xc0 != 0x80);
    let Some(back) = back else {
        return 0;
    };
    let width = match bytes[bytes.len() - 1 - back] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
        _ascii => 1,
    };
    if width > back + 1 { back + 1 } else { 0 }
}

#[cfg(test)]
impl Utf8 {
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_every_cut() {
        let text = "a é € 😀 z";
        for cut in 0..=text.len() {
            let mut utf8 = Utf8::default();
            utf8.push(&text.as_bytes()[..cut], 0, text.len()).unwrap();
            assert_eq!(utf8.len(), cut);
            utf8.push(&text.as_bytes()[cut..], 0, text.len()).unwrap();
            assert_eq!(utf8.finish().as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_bad_byte_fails_in_the_push_that_brings_it() {
        let overlong: &[u8] = b"\xc0";
        let surrogate: &[u8] = b"\xed\xa0";
        let beyond_unicode: &[u8] = b"\xf4\x90";
        let stray: &[u8] = b"\x80";
        let unfinished: &[u8] = b"\xe2\x82z";
        for bad in [overlong, surrogate, beyond_unicode, stray, unfinished] {
            let mut utf8 = Utf8::default();
            utf8.push(b"ab", 0, usize::MAX).unwrap();
            assert_eq!(utf8.push(bad, 0, usize::MAX), Err(2), "{bad:x?} at once");

            let mut utf8 = Utf8::default();
            utf8.push(b"ab", 0, usize::MAX).unwrap();
            let (last, before) = bad.split_last().unwrap();
            utf8.push(before, 0, usize::MAX).unwrap();
            assert_eq!(
                utf8.push(&[*last], 0, usize::MAX),
                Err(2),
                "{bad:x?} byte by byte"
            );
        }
    }

    #[test]
    fn a_character_that_never_ends_is_found_at_the_end() {
        let mut utf8 = Utf8::default();
        utf8.push(b"ab\xf0\x9f\x98", 0, usize::MAX).unwrap();
        assert_eq!(utf8.finish(), Err(2));
    }

    #[test]
    fn growth_doubles_and_believes_promises_but_stops_at_the_ceiling() {
        assert_eq!(growth(10, 16, 6, 0, 100), 0);
        assert_eq!(growth(16, 16, 1, 0, 100), 16);
        assert_eq!(growth(16, 16, 1, 0, 20), 4);
        assert_eq!(growth(16, 16, 40, 0, 20), 40);
        assert_eq!(growth(16, 16, 4, 1000, 1020), 1004);
        assert_eq!(growth(0, 0, 1, usize::MAX, usize::MAX), 65537);
    }
}
