//! The heap, which counts what each station holds, and what the linker knows of the rest.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use embedded_alloc::LlffHeap;
use radio::MEMBERS;

/// For all stations together, and the frames in the air.
const HEAP_BYTES: usize = 256 << 10;

/// What the heap gives at least, and a multiple of.
const GRAIN: usize = 8;

/// The stack before its use, as the start-up code leaves it.
const UNUSED: u32 = 0xcccc_cccc;

static HEAP: LlffHeap = LlffHeap::empty();

#[global_allocator]
static METER: Meter = Meter {
    accounts: [const { Account { used: AtomicUsize::new(0), most: AtomicUsize::new(0) } }; OWNERS],
    owner: AtomicUsize::new(0),
};

/// The program itself, then the stations.
const OWNERS: usize = 1 + MEMBERS as usize;

/// Bytes of the heap.
struct Account {
    used: AtomicUsize,
    most: AtomicUsize,
}

/// The heap, and on whose account things go. There is one thread and no interrupt: what is read
/// is still so when it is written.
struct Meter {
    accounts: [Account; OWNERS],
    owner: AtomicUsize,
}

impl Meter {
    fn account(&self) -> &Account {
        &self.accounts[self.owner.load(Relaxed)]
    }
}

// SAFETY: the heap does it all; what is counted here changes nothing of it.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Account { used, most } = self.account();
        let now = used.load(Relaxed).wrapping_add(layout.size().next_multiple_of(GRAIN));
        used.store(now, Relaxed);
        most.store(most.load(Relaxed).max(now), Relaxed);
        // SAFETY: the caller's promise is the one that the heap asks for.
        unsafe { HEAP.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let Account { used, .. } = self.account();
        let bytes = layout.size().next_multiple_of(GRAIN);
        used.store(used.load(Relaxed).wrapping_sub(bytes), Relaxed);
        // SAFETY: the caller's promise is the one that the heap asks for.
        unsafe { HEAP.dealloc(pointer, layout) }
    }
}

/// Makes the heap ready; to be called once, before anything else.
pub(crate) fn init() {
    // SAFETY: nothing has been allocated yet.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_BYTES);
    }
}

/// From now on things go on the account of this station, or of the program itself.
pub(crate) fn charge(station: Option<u16>) {
    METER.owner.store(station.map_or(0, |station| 1 + usize::from(station)), Relaxed);
}

/// The most that any station held of the heap at once, in bytes.
pub(crate) fn most_of_a_station() -> usize {
    METER.accounts[1..].iter().map(|account| account.most.load(Relaxed)).max().unwrap_or(0)
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

/// How many bytes are code, constants (initial values of statics included), and statics without
/// the heap.
pub(crate) fn sections() -> [usize; 3] {
    let code = between(&raw const __stext, &raw const __etext);
    let data = between(&raw const __sdata, &raw const __edata);
    let constants = between(&raw const __srodata, &raw const __erodata) + data;
    let statics = between(&raw const __sbss, &raw const __ebss) + data - HEAP_BYTES;
    [code, constants, statics]
}

/// The most that was ever on the stack, in bytes.
pub(crate) fn most_of_the_stack() -> usize {
    let (mut place, start) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: all between the two is memory of the stack, painted before the program began.
    while place < start && unsafe { place.read_volatile() } == UNUSED {
        place = place.wrapping_add(1);
    }
    between(place, start)
}
