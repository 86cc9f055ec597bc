//! The cluster of the radio on a Cortex-M4 without an operating system, and its memory there.

#![no_std]
#![no_main]

mod memory;

use core::mem::size_of;

use cortex_m as _; // the critical section
use cortex_m_rt::entry;
use gossip_core::Node;
use radio::{FRAME, MEMBERS, life};
use semihosting::{print, println, process};

/// Limits in KiB: flash of the whole program, RAM of one station.
const FLASH_LIMIT: usize = 200;
const RAM_LIMIT: usize = 32;

#[entry]
fn main() -> ! {
    memory::init();
    for stations in [2, MEMBERS] {
        life(stations, memory::charge, |millis, what| println!("{millis:>6} ms  {what}"));
    }

    let [code, constants, statics] = memory::sections();
    let flash = code + constants;
    println!("flash: {flash} bytes, of which .text {code}");

    let node = size_of::<Node<u16>>();
    let (heap, stack) = (memory::max_heap_of_station(), memory::max_stack_depth());
    let ram = node + heap + FRAME + stack + statics;
    print!(
        "RAM of a station that knows {MEMBERS} members: {ram} bytes: node {node}, heap {heap}, "
    );
    println!("frame {FRAME}, stack {stack}, statics {statics}");

    let fits = flash <= FLASH_LIMIT << 10 && ram <= RAM_LIMIT << 10;
    println!("{}", if fits { "within the limits" } else { "TOO LARGE" });
    process::exit(i32::from(!fits))
}
