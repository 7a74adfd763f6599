//! An allocator for what a policy needs: few blocks, small ones, of which most are of the same sizes. That of `std` would be a tenth of
//! what a browser loads.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::{null_mut, with_exposed_provenance_mut};

/// Blocks are of 16 bytes, and of each power of two above that.
const SMALLEST: u32 = 4;
const PAGE: usize = 65536;

/// The free blocks of each size, each of which begins with the address of the next, and what has never been given out.
struct Blocks {
    free: [*mut *mut u8; 32],
    from: usize,
    until: usize,
}

pub struct Allocator(UnsafeCell<Blocks>);

// SAFETY: JavaScript's WebAssembly has one thread.
unsafe impl Sync for Allocator {}

impl Allocator {
    pub const fn new() -> Allocator {
        Allocator(UnsafeCell::new(Blocks {
            free: [null_mut(); 32],
            from: 0,
            until: 0,
        }))
    }
}

fn class(layout: Layout) -> u32 {
    let size = layout.size().max(layout.align());
    size.next_power_of_two().trailing_zeros().max(SMALLEST)
}

// SAFETY: a block is free or given out, never both; one of a power of two lies at a multiple of 16, and nothing here asks for more.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class(layout);
        // SAFETY: nothing else refers to the blocks while this runs.
        let blocks = unsafe { &mut *self.0.get() };
        let free = &mut blocks.free[class as usize & 31];
        if !free.is_null() {
            let block = *free;
            // SAFETY: `dealloc` has written the next one there.
            *free = unsafe { *block }.cast();
            return block.cast();
        }
        let size = 1 << class;
        if blocks.until - blocks.from < size {
            // JavaScript copies all of it when it grows.
            let more = core::arch::wasm32::memory_size::<0>() / 2;
            let pages = size.div_ceil(PAGE).max(more);
            let last = core::arch::wasm32::memory_grow::<0>(pages);
            if last == usize::MAX {
                return null_mut();
            }
            blocks.from = last * PAGE;
            blocks.until = blocks.from + pages * PAGE;
        }
        let block = blocks.from;
        blocks.from += size;
        with_exposed_provenance_mut(block)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above; a block has room for an address.
        unsafe {
            let free = &mut (*self.0.get()).free[class(layout) as usize & 31];
            *block.cast() = (*free).cast::<u8>();
            *free = block.cast();
        }
    }
}
