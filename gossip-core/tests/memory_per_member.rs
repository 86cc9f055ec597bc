//! The heap memory per member in a table of ten thousand, all allocations of the node included.

#[path = "common/teach.rs"]
mod teach;

use std::alloc::System;

use gossip_core::Config;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn member_takes_at_most_184_bytes() {
    const COUNT: u32 = 10_000;
    let config = Config::lan();
    let region = Region::new(HEAP);
    let mut node = teach::newcomer(0, &config);
    teach::teach(&mut node, COUNT, &config);
    let stats = region.change();
    // These two counters include reallocations.
    let each = (stats.bytes_allocated - stats.bytes_deallocated) / COUNT as usize;
    println!("{each} bytes of heap per member");
    assert!(each <= 184, "{each} bytes per member");
    drop(node);
}
