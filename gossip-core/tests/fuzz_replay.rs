//! What fuzzing found worth keeping, replayed: nothing breaks, and it goes deep.

mod fuzz;

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use fuzz::datagram::{datagram, seeds};
use fuzz::node_ops::{Plan, node_ops};

/// The kinds of messages in `Stats::messages_received`: all that there are, and the unknown.
const KINDS: [usize; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The sum of what is counted in each run, by kind.
fn sum(counts: impl Iterator<Item = [u64; 16]>) -> [u64; 16] {
    counts.fold([0; 16], |sum, count| core::array::from_fn(|kind| sum[kind] + count[kind]))
}

#[test]
fn stored_datagrams_reach_every_kind_of_message() {
    let total = sum(corpus("datagram").iter().map(|bytes| datagram(bytes)));
    assert!(KINDS.iter().all(|&kind| total[kind] > 0), "{total:?}");
}

#[test]
fn the_datagrams_of_a_real_life_reach_every_kind_of_message() {
    let total = sum(seeds().map(|bytes| datagram(&bytes)));
    assert!(KINDS.iter().all(|&kind| total[kind] > 0), "{total:?}");
}

#[test]
fn stored_operations_reach_what_a_cluster_can_go_through() {
    let corpus = corpus("node_ops");
    let plans = corpus.iter().map(|bytes| Plan::arbitrary_take_rest(Unstructured::new(bytes)));
    let stats: Vec<_> = plans.flat_map(|plan| node_ops(&plan.unwrap())).collect();
    let total = sum(stats.iter().map(|stats| stats.messages_received));
    // So few nodes synchronise by datagrams, and understand each other.
    let spoken = KINDS.iter().filter(|kind| ![12, 15].contains(*kind));
    assert!(spoken.into_iter().all(|&kind| total[kind] > 0), "{total:?}");
    let reached = |count: fn(&gossip_core::Stats) -> u64| stats.iter().map(count).sum::<u64>() > 0;
    assert!(reached(|stats| stats.deaths_declared));
    assert!(reached(|stats| stats.refutations));
    assert!(reached(|stats| stats.pauses));
    assert!(reached(|stats| stats.members_refused));
    assert!(reached(|stats| stats.probes_rescued_by_request));
    assert!(reached(|stats| stats.requests_failed));
    assert!(reached(|stats| stats.pings_misdirected));
    assert!(reached(|stats| stats.rejected_malformed));
    assert!(reached(|stats| stats.events_lost));
}
