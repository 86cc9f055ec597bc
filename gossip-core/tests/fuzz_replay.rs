//! What fuzzing found worth keeping, replayed: nothing breaks, and it goes deep.

mod fuzz;

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use fuzz::datagram::{Counts, datagram, seeds};
use fuzz::node_ops::{self, node_ops};
use fuzz::reconcile::{self, reconcile};
use gossip_core::Stats;

/// How many kinds of messages there are, and where the unknown are counted.
const KINDS: usize = 16;
const UNKNOWN: usize = 31;

/// What a table of more than sixteen members is compared with.
const FOLDS: usize = 15;

/// The end of a synchronisation by request, and the rest of what is said where tables differ.
const SYNC_END: usize = 12;
const WANT: usize = 8;
const SYNC: usize = 11;
const ROOTS: usize = 14;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The corpus of a target that takes no bytes but what they say.
fn plans<P: for<'a> Arbitrary<'a>>(target: &str) -> impl Iterator<Item = P> {
    let plan = |bytes: Vec<u8>| P::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap();
    corpus(target).into_iter().map(plan)
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
    let stats: Vec<_> =
        plans("node_ops").flat_map(|plan: node_ops::Plan| node_ops(&plan)).collect();
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

#[test]
fn stored_differences_are_found_in_every_way() {
    let runs: Vec<_> = plans("reconcile").map(|plan: reconcile::Plan| reconcile(&plan)).collect();
    let stats: Vec<_> = runs.iter().flat_map(|run| run.stats).collect();
    let total = sum(stats.iter().map(|stats| stats.messages_sent));
    let said = [WANT, SYNC, SYNC_END, ROOTS, FOLDS];
    assert!(said.iter().all(|&kind| total[kind] > 0), "{total:?}");
    assert!(total[SYNC] > 2 * total[SYNC_END], "by datagram, too");
    assert!(stats.iter().any(|stats| stats.requests_failed > 0));
    assert!(runs.iter().any(|run| run.twice > 0));
    assert!(runs.iter().any(|run| run.lost > 0));
}
