//! The body of an answer that refuses the upgrade (RFC 9112, 6 and 7): its beginning is worth reading.

use httparse::Status;
use tokio::io::{AsyncRead, AsyncReadExt};
use zlib_rs::{Inflate, InflateFlush};

use super::handshake::Response;
use crate::policy::Message;

/// Bytes of a body that are kept.
const MAX_BODY: usize = 64 * 1024;
/// Bytes that are read for them: chunks bring bytes of their own.
const MAX_READ: usize = 2 * MAX_BODY;
/// Bytes of the line that a chunk begins with.
const MAX_LINE: usize = 1024;

/// The length of a body that ends with the stream: more than is kept.
const TO_THE_END: u64 = u64::MAX;

/// A body while it is read.
#[derive(Debug)]
pub(super) struct Body {
    framing: Framing,
    kept: Vec<u8>,
}

/// What tells where a body ends.
#[derive(Debug)]
enum Framing {
    /// So many more bytes.
    Length(u64),
    Chunks(Chunks),
    Complete,
}

#[derive(Debug, Default)]
struct Chunks {
    /// Bytes that the chunk still has.
    left: u64,
    /// Its data has been begun: an end of line comes behind.
    begun: bool,
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
}

impl Body {
    pub fn of(response: &Response) -> Body {
        Body {
            framing: Framing::of(response),
            kept: Vec::new(),
        }
    }

    /// Reads all that is to be kept, the first of which are `begun`. What came before the future is dropped stays.
    pub async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S, begun: Vec<u8>) {
        let mut bytes = begun;
        let mut read = 0;
        while !self.take(&bytes) && read < MAX_READ {
            read += bytes.len();
            bytes.clear();
            // Whatever ends the stream ends the body.
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Takes the next bytes, and tells whether it is whole or full.
    fn take(&mut self, bytes: &[u8]) -> bool {
        match &mut self.framing {
            Framing::Length(left) => {
                keep(&mut self.kept, bytes, left);
                if *left == 0 {
                    self.framing = Framing::Complete;
                }
            }
            Framing::Chunks(chunks) => {
                if chunks.take(bytes, &mut self.kept) {
                    self.framing = Framing::Complete;
                }
            }
            Framing::Complete => {}
        }
        matches!(self.framing, Framing::Complete) || self.kept.len() == MAX_BODY
    }

    /// Undoes the codings of the content and of its transfer (RFC 9110, 8.4), as far as they are known and the body has come: some
    /// servers compress though nobody has asked for it. What cannot be decoded stays.
    pub fn decode(&mut self, response: &Response) {
        let codings = ["content-encoding", "transfer-encoding"].map(|name| response.header(name));
        let codings = codings.map(Option::unwrap_or_default).join(",");
        for coding in codings.rsplit(',') {
            let decoded = match coding.trim().to_ascii_lowercase().as_str() {
                "" | "identity" | "chunked" => continue,
                "gzip" | "x-gzip" => inflate(&self.kept, true),
                // Some servers leave the header of zlib away.
                "deflate" => inflate(&self.kept, true).or_else(|| inflate(&self.kept, false)),
                _ => None,
            };
            let Some(decoded) = decoded else { return };
            self.kept = decoded;
        }
    }

    /// Puts something else in the place of what must not be shown.
    pub fn hide(&mut self, secret: &[u8]) {
        const INSTEAD: &[u8] = b"[hidden]";
        let mut shown = Vec::with_capacity(self.kept.len());
        let mut rest = self.kept.as_slice();
        while let Some((first, behind)) = rest.split_first() {
            match rest.strip_prefix(secret) {
                Some(behind) if !secret.is_empty() => {
                    shown.extend_from_slice(INSTEAD);
                    rest = behind;
                }
                Some(_) | None => {
                    shown.push(*first);
                    rest = behind;
                }
            }
        }
        self.kept = shown;
    }

    /// A text where it is UTF-8; the last character may have been cut.
    pub fn into_message(self) -> Option<Message> {
        if self.kept.is_empty() {
            return None;
        }
        Some(match String::from_utf8(self.kept) {
            Ok(text) => Message::Text(text),
            Err(error) => {
                let fault = error.utf8_error();
                let whole = &error.as_bytes()[..fault.valid_up_to()];
                match (fault.error_len(), std::str::from_utf8(whole)) {
                    (None, Ok(text)) if !text.is_empty() => Message::Text(text.to_owned()),
                    (None | Some(_), _) => Message::Binary(error.into_bytes()),
                }
            }
        })
    }
}

impl Framing {
    fn of(response: &Response) -> Framing {
        if (100..200).contains(&response.status) || [204, 304].contains(&response.status) {
            return Framing::Complete;
        }
        if let Some(coding) = response.header("transfer-encoding") {
            let last = coding.rsplit(',').next().unwrap_or_default();
            return match last.trim().eq_ignore_ascii_case("chunked") {
                true => Framing::Chunks(Chunks::default()),
                false => Framing::Length(TO_THE_END),
            };
        }
        let Some(length) = response.header("content-length") else {
            return Framing::Length(TO_THE_END);
        };
        let mut lengths = length.split(',').map(|length| length.trim().parse::<u64>());
        match lengths.next() {
            Some(Ok(0)) => Framing::Complete,
            Some(Ok(length)) if lengths.all(|other| other == Ok(length)) => Framing::Length(length),
            // Nobody knows where such a body ends.
            Some(Ok(_) | Err(_)) | None => Framing::Complete,
        }
    }
}

impl Chunks {
    /// Takes the next bytes, and tells whether the last chunk has come, or what is none.
    fn take(&mut self, mut bytes: &[u8], kept: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() && kept.len() < MAX_BODY {
            if self.left > 0 {
                let before = self.left;
                keep(kept, bytes, &mut self.left);
                bytes = bytes
                    .get((before - self.left) as usize..)
                    .unwrap_or_default();
                continue;
            }
            let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
                self.line.extend_from_slice(bytes);
                return self.line.len() > MAX_LINE;
            };
            self.line.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.begun) {
                if line != b"\r\n" {
                    return true;
                }
                continue;
            }
            match httparse::parse_chunk_size(&line) {
                Ok(Status::Complete((_, size))) if size > 0 => {
                    self.left = size;
                    self.begun = true;
                }
                Ok(Status::Complete(_) | Status::Partial) | Err(_) => return true,
            }
        }
        false
    }
}

/// What `bytes` inflate to, as far as there is room, by the window that all fit in; with a header of gzip or zlib, or bare.
fn inflate(bytes: &[u8], has_header: bool) -> Option<Vec<u8>> {
    const WINDOW: u8 = 15;
    /// Asks for whichever of the headers is there.
    const EITHER_HEADER: u8 = 32;
    let window = if has_header {
        EITHER_HEADER + WINDOW
    } else {
        WINDOW
    };
    let mut state = Inflate::new(has_header, window);
    let mut inflated = vec![0; MAX_BODY];
    // What has come out before a fault counts.
    let _ = state.decompress(bytes, &mut inflated, InflateFlush::NoFlush);
    inflated.truncate(usize::try_from(state.total_out()).unwrap_or_default());
    (!inflated.is_empty()).then_some(inflated)
}

/// Keeps of `bytes` what belongs to the body, of which `left` bytes are to come, and has room.
fn keep(kept: &mut Vec<u8>, bytes: &[u8], left: &mut u64) {
    let room = MAX_BODY.saturating_sub(kept.len()).min(bytes.len());
    let count = room.min(usize::try_from(*left).unwrap_or(usize::MAX));
    kept.extend_from_slice(&bytes[..count]);
    *left -= count as u64;
}

#[cfg(test)]
mod tests;
