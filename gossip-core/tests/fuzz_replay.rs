//! What fuzzing found worth keeping, replayed: nothing breaks, and it goes deep.

mod fuzz;

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use fuzz::datagram::{Counts, datagram, seeds};
use fuzz::node_ops::{Plan, node_ops};
use gossip_core::Stats;

/// How many kinds of messages there are, and where the unknown are counted.
const KINDS: usize = 16;
const UNKNOWN: usize = 31;

/// What a table of more than sixteen members is compared with.
const FOLDS: usize = 15;

/// The end of a synchronisation by request.
const SYNC_END: usize = 12;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The sum of what is counted in each run.
fn sum(counts: impl Iterator<Item = Counts>) -> Counts {
    let add = |sum: Counts, count: Counts| core::array::from_fn(|kind| sum[kind] + count[kind]);
    counts.fold(Counts::default(), add)
}

/// Every kind that there is has been accepted, but for some.
fn check_reached(total: Counts, but: &[usize]) {
    let mut kinds = (0..KINDS).chain([UNKNOWN]).filter(|kind| !but.contains(kind));
    assert!(kinds.all(|kind| total[kind] > 0), "{total:?}");
}

#[test]
fn stored_datagrams_reach_every_kind_of_message() {
    check_reached(sum(corpus("datagram").iter().map(|bytes| datagram(bytes))), &[]);
}

#[test]
fn the_datagrams_of_a_real_life_reach_every_kind_of_message() {
    check_reached(sum(seeds().map(|bytes| datagram(&bytes))), &[]);
}

#[test]
fn stored_operations_reach_what_a_cluster_can_go_through() {
    let corpus = corpus("node_ops");
    let plans = corpus.iter().map(|bytes| Plan::arbitrary_take_rest(Unstructured::new(bytes)));
    let stats: Vec<_> = plans.flat_map(|plan| node_ops(&plan.unwrap())).collect();
    // So few nodes fold nothing, synchronise by datagrams, and understand each other.
    let total = sum(stats.iter().map(|stats| stats.messages_received));
    check_reached(total, &[SYNC_END, FOLDS, UNKNOWN]);
    let reached = |count: fn(&Stats) -> u64| stats.iter().map(count).sum::<u64>() > 0;
    assert!(reached(|stats| stats.deaths_declared));
    assert!(reached(|stats| stats.refutations));
    assert!(reached(|stats| stats.pauses));
    assert!(reached(|stats| stats.syncs));
    assert!(reached(|stats| stats.members_refused));
    assert!(reached(|stats| stats.probes_rescued_by_request));
    assert!(reached(|stats| stats.requests_failed));
    assert!(reached(|stats| stats.pings_misdirected));
    assert!(reached(|stats| stats.rejected_malformed));
    assert!(reached(|stats| stats.events_lost));
    assert!(reached(|stats| stats.transmits_dropped));
    assert!(reached(|stats| stats.requests_dropped));
}
