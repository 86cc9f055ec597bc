//! The heap, which counts the bytes of each station, and the sections of the linker.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use embedded_alloc::LlffHeap;
use radio::MEMBERS;

/// Bytes of the heap for all stations and the frames in the air.
const HEAP_BYTES: usize = 256 << 10;

/// Granularity of the heap.
const GRAIN: usize = 8;

/// The word with which the start-up code fills the stack.
const UNUSED: u32 = 0xcccc_cccc;

static HEAP: LlffHeap = LlffHeap::empty();

#[global_allocator]
static METER: Meter = Meter {
    accounts: [const { Account { used: AtomicUsize::new(0), peak: AtomicUsize::new(0) } }; OWNERS],
    owner: AtomicUsize::new(0),
};

/// Accounts: the program itself, then the stations.
const OWNERS: usize = 1 + MEMBERS as usize;

/// The heap's account, in bytes.
struct Account {
    used: AtomicUsize,
    peak: AtomicUsize,
}

/// The heap, and the present account. There is one thread and no interrupt, so a read value is
/// still valid when it is written back.
struct Meter {
    accounts: [Account; OWNERS],
    owner: AtomicUsize,
}

impl Meter {
    fn account(&self) -> &Account {
        &self.accounts[self.owner.load(Relaxed)]
    }
}

// SAFETY: the inner heap does the work, and the counting does not affect it.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Account { used, peak } = self.account();
        let now = used.load(Relaxed).wrapping_add(layout.size().next_multiple_of(GRAIN));
        used.store(now, Relaxed);
        peak.store(peak.load(Relaxed).max(now), Relaxed);
        // SAFETY: the caller makes the promise that the heap requires.
        unsafe { HEAP.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let Account { used, .. } = self.account();
        let bytes = layout.size().next_multiple_of(GRAIN);
        used.store(used.load(Relaxed).wrapping_sub(bytes), Relaxed);
        // SAFETY: the caller makes the promise that the heap requires.
        unsafe { HEAP.dealloc(pointer, layout) }
    }
}

/// Initialises the heap. Call it once, before anything else.
pub(crate) fn init() {
    // SAFETY: this call precedes all allocations.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_BYTES);
    }
}

/// Switches the account to this station, or to the program itself.
pub(crate) fn charge(station: Option<u16>) {
    METER.owner.store(station.map_or(0, |station| 1 + usize::from(station)), Relaxed);
}

/// Returns the largest heap use of any station, in bytes.
pub(crate) fn max_heap_of_station() -> usize {
    METER.accounts[1..].iter().map(|account| account.peak.load(Relaxed)).max().unwrap_or(0)
}

unsafe extern "C" {
    static __stext: u32;
    static __etext: u32;
    static __srodata: u32;
    static __erodata: u32;
    static __sdata: u32;
    static __edata: u32;
    static __sbss: u32;
    static __ebss: u32;
    static _stack_end: u32;
    static _stack_start: u32;
}

fn between(start: *const u32, end: *const u32) -> usize {
    end.addr() - start.addr()
}

/// Returns the bytes of code, of constants with initial values of statics, and of statics without
/// the heap.
pub(crate) fn sections() -> [usize; 3] {
    let code = between(&raw const __stext, &raw const __etext);
    let data = between(&raw const __sdata, &raw const __edata);
    let constants = between(&raw const __srodata, &raw const __erodata) + data;
    let statics = between(&raw const __sbss, &raw const __ebss) + data - HEAP_BYTES;
    [code, constants, statics]
}

/// Returns the largest depth of the stack, in bytes.
pub(crate) fn max_stack_depth() -> usize {
    let (mut word, start) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: all memory between the two belongs to the stack, and the start-up code filled it.
    while word < start && unsafe { word.read_volatile() } == UNUSED {
        word = word.wrapping_add(1);
    }
    between(word, start)
}
