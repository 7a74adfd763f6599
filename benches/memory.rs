//! What the wire of one connection holds on the heap: the columns `alloc` and `grow`, without `dealloc`.
//!
//! `cargo bench --no-default-features --bench memory`

use divan::{AllocProfiler, Bencher};
use websocket_reconnect_native::wire::deflate::{self, Agreed};
use websocket_reconnect_native::wire::{Reader, Writer};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    println!(
        "a Reader is {} bytes, a Writer {}",
        size_of::<Reader>(),
        size_of::<Writer>()
    );
    divan::main();
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

#[divan::bench]
fn at_rest() -> (Reader, Writer) {
    let agreed = agreed();
    (
        Reader::new(0, Some(&agreed)),
        Writer::new([0; 16], Some(&agreed)),
    )
}

#[divan::bench]
fn reader_after_a_compressed_message(bencher: Bencher<'_, '_>) {
    let agreed = agreed();
    bencher.bench_local(|| {
        let mut reader = Reader::new(0, Some(&agreed));
        let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        assert_eq!(reader.feed(hello, |_| {}), Ok(()));
        reader
    });
}

#[divan::bench]
fn writer_after_a_compressed_message(bencher: Bencher<'_, '_>) {
    let agreed = agreed();
    let mut out = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        let mut writer = Writer::new([0; 16], Some(&agreed));
        out.clear();
        writer.text("Hello", &mut out);
        writer
    });
}
