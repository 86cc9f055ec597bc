//! A cluster in steady state that spreads rumours makes no allocation in 100,000 datagrams.

mod common;

use std::alloc::System;
use std::time::Duration;

use common::Net;
use gossip_core::Config;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn datagrams_in_steady_state_allocate_nothing() {
    let mut net = Net::joined(16, &Config::lan());
    net.keep_events = false;
    // Buffers and queues grow to their final size.
    gossip(&mut net, 30_000);

    let before = net.delivered;
    let learned: u64 = learned(&net);
    let region = Region::new(HEAP);
    gossip(&mut net, 100_000);
    let stats = region.change();
    println!(
        "{} datagrams, {} records learnt",
        net.delivered - before,
        self::learned(&net) - learned
    );
    assert!(self::learned(&net) - learned > 5_000, "rumours moved");
    assert_eq!((stats.allocations, stats.reallocations), (0, 0));
}

/// Runs until `datagrams` more have arrived. Four times per second another member changes its
/// metadata.
fn gossip(net: &mut Net, datagrams: u64) {
    let end = net.delivered + datagrams;
    let mut turn = 0u32;
    while net.delivered < end {
        turn += 1;
        let writer = turn as usize % net.nodes.len();
        net.nodes[writer].set_meta(net.now, &turn.to_le_bytes()).unwrap();
        net.run(Duration::from_millis(250));
    }
}

fn learned(net: &Net) -> u64 {
    net.nodes.iter().map(|node| node.stats().members.records_learned).sum()
}
