//! The heap bytes per known member, with everything that a node holds.
//!
//! `cargo run --release --manifest-path peers/Cargo.toml --bin heap`

use std::alloc::System;

use gossip_core::Config;
use gossip_peers::known;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MEMBERS: u32 = 10_000;

fn main() {
    let config = known::foca_config(MEMBERS);
    println!("bytes of heap per member, of {MEMBERS}");
    println!("{:>7.1}  gossip-core", measure(|| known::gossip(MEMBERS, &Config::lan())));
    println!("{:>7.1}  foca", measure(|| known::foca(MEMBERS, false, config.clone())));
    println!(
        "{:>7.1}  foca, its updates yet to be spread",
        measure(|| known::foca(MEMBERS, true, config.clone()))
    );
}

/// Returns the bytes that `make` leaves on the heap.
fn measure<T>(make: impl FnOnce() -> T) -> f64 {
    let region = Region::new(HEAP);
    let made = make();
    // These two include growth and shrinkage in place.
    let stats = region.change();
    let left = stats.bytes_allocated - stats.bytes_deallocated;
    drop(made);
    left as f64 / f64::from(MEMBERS)
}
