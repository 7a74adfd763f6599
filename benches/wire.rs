//! The speed of the wire, beside tungstenite on the same bytes.
//!
//! `cargo bench --no-default-features --bench wire`, or with a filter after `--`: `reader`, `writer`,
//! `compression`.
//!
//! Both readers copy from memory into a buffer of their own first, as from a socket.

use std::io::{self, Read, Write};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};
use websocket_reconnect_native::wire::deflate::{self, Agreed};
use websocket_reconnect_native::wire::{Decoded, Reader, Writer};

const SIZES: [usize; 4] = [16, 64, 1024, 64 * 1024];
const SCRATCH: usize = 64 * 1024;

fn main() {
    divan::main();
}

/// As many messages of `size` bytes as make up a megabyte.
fn count(size: usize) -> usize {
    (1 << 20) / size
}

fn text(size: usize) -> String {
    "The quick brown fox jumps over the lazy dog. "
        .chars()
        .cycle()
        .take(size)
        .collect()
}

/// Frames as a server sends them; `first` is the first byte of each.
fn frames(first: u8, payload: &[u8], count: usize) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(len as u8),
        len @ 126..65536 => {
            frame.push(126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame.repeat(count)
}

fn agreed() -> Agreed {
    let options = deflate::DeflateOptions {
        threshold: 0,
        ..deflate::DeflateOptions::default()
    };
    match deflate::accept(Some(&options), Some("permessage-deflate")) {
        Ok(Some(agreed)) => agreed,
        other => panic!("{other:?}"),
    }
}

/// The payload of `message` as a compressor sends it.
fn deflated(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new([0; 16], Some(&agreed())).binary(message, &mut out);
    let size = if out[1] & 0x7f < 126 { 2 } else { 4 };
    let (head, payload) = out.split_at(size + 4);
    payload
        .iter()
        .zip(head[size..].iter().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect()
}

fn per_batch<'a, 'b>(bencher: Bencher<'a, 'b>, size: usize) -> Bencher<'a, 'b> {
    bencher
        .counter(ItemsCount::new(count(size)))
        .counter(BytesCount::new(count(size) * size))
}

fn feed(reader: &mut Reader, bytes: &[u8], scratch: &mut [u8]) {
    for piece in bytes.chunks(scratch.len()) {
        let read = &mut scratch[..piece.len()];
        read.copy_from_slice(piece);
        let fed = reader.feed(black_box(read), |decoded| match decoded {
            Decoded::Text(text) => drop(black_box(text)),
            Decoded::Binary(bytes) => drop(black_box(bytes)),
            other => panic!("{other:?}"),
        });
        assert_eq!(fed, Ok(()));
    }
}

/// Gives the same bytes over and over, and swallows what is written.
struct Endless<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.at = (self.at + len) % self.bytes.len();
        Ok(len)
    }
}

impl Write for Endless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn tungstenite(bytes: &[u8]) -> WebSocket<Endless<'_>> {
    let config = WebSocketConfig::default().read_buffer_size(SCRATCH);
    WebSocket::from_raw_socket(Endless { bytes, at: 0 }, Role::Client, Some(config))
}

mod reader {
    use super::*;

    fn wire(bencher: Bencher<'_, '_>, first: u8, size: usize) {
        let bytes = frames(first, text(size).as_bytes(), count(size));
        let mut reader = Reader::new(0, None);
        let mut scratch = vec![0; SCRATCH];
        per_batch(bencher, size).bench_local(|| feed(&mut reader, &bytes, &mut scratch));
    }

    fn other(bencher: Bencher<'_, '_>, first: u8, size: usize) {
        let bytes = frames(first, text(size).as_bytes(), count(size));
        let mut socket = tungstenite(&bytes);
        per_batch(bencher, size).bench_local(|| {
            for _ in 0..count(size) {
                assert!(black_box(socket.read()).is_ok());
            }
        });
    }

    #[divan::bench(args = SIZES)]
    fn wire_text(bencher: Bencher<'_, '_>, size: usize) {
        wire(bencher, 0x81, size);
    }

    #[divan::bench(args = SIZES)]
    fn wire_binary(bencher: Bencher<'_, '_>, size: usize) {
        wire(bencher, 0x82, size);
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite_text(bencher: Bencher<'_, '_>, size: usize) {
        other(bencher, 0x81, size);
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite_binary(bencher: Bencher<'_, '_>, size: usize) {
        other(bencher, 0x82, size);
    }
}

mod writer {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn wire_text(bencher: Bencher<'_, '_>, size: usize) {
        let text = text(size);
        let mut writer = Writer::new([0; 16], None);
        let mut out = Vec::new();
        per_batch(bencher, size).bench_local(|| {
            for _ in 0..count(size) {
                writer.text(black_box(&text), &mut out);
                if out.len() >= SCRATCH {
                    black_box(&out);
                    out.clear();
                }
            }
        });
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite_text(bencher: Bencher<'_, '_>, size: usize) {
        let text = text(size);
        let mut socket = tungstenite(&[0]);
        per_batch(bencher, size).bench_local(|| {
            for _ in 0..count(size) {
                assert!(
                    socket
                        .write(Message::text(black_box(text.as_str())))
                        .is_ok()
                );
            }
            assert!(socket.flush().is_ok());
        });
    }
}

mod compression {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn reader(bencher: Bencher<'_, '_>, size: usize) {
        let bytes = frames(0xc1, &deflated(text(size).as_bytes()), count(size));
        let agreed = agreed();
        let mut reader = Reader::new(0, Some(&agreed));
        let mut scratch = vec![0; SCRATCH];
        per_batch(bencher, size).bench_local(|| feed(&mut reader, &bytes, &mut scratch));
    }

    #[divan::bench(args = SIZES)]
    fn writer(bencher: Bencher<'_, '_>, size: usize) {
        let text = text(size);
        let agreed = agreed();
        let mut writer = Writer::new([0; 16], Some(&agreed));
        let mut out = Vec::new();
        per_batch(bencher, size).bench_local(|| {
            for _ in 0..count(size) {
                writer.text(black_box(&text), &mut out);
                if out.len() >= SCRATCH {
                    out.clear();
                }
            }
        });
    }
}
