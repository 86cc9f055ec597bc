//! A replay of the stored fuzzing corpus. It must pass, and reach all kinds of messages.

mod fuzz;

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use fuzz::datagram::{Counts, counts, datagram, seeds};
use fuzz::node_ops::{self, node_ops};
use fuzz::reconcile::{self, reconcile};
use gossip_core::Stats;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Returns the corpus of a target that takes a plan.
fn plans<P: for<'a> Arbitrary<'a>>(target: &str) -> impl Iterator<Item = P> {
    let plan = |bytes: Vec<u8>| P::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap();
    corpus(target).into_iter().map(plan)
}

/// Returns the sum of the counters of all runs.
fn sum(runs: impl Iterator<Item = Counts>) -> Counts {
    let mut total = Counts::new();
    for (kind, count) in runs.flatten() {
        *total.entry(kind).or_default() += count;
    }
    total
}

/// Asserts that messages of every kind were accepted, except those of some kinds.
fn check_reached(total: &Counts, except: &[&str]) {
    let mut kinds = total.iter().filter(|(kind, _)| !except.contains(*kind));
    assert!(kinds.all(|(_, count)| *count > 0), "{total:?}");
}

#[test]
fn stored_datagrams_reach_every_kind() {
    check_reached(&sum(corpus("datagram").iter().map(|bytes| datagram(bytes))), &[]);
}

#[test]
fn recorded_datagrams_reach_every_kind() {
    check_reached(&sum(seeds().map(|bytes| datagram(&bytes))), &[]);
}

#[test]
fn stored_operations_reach_counters_of_rare_events() {
    let stats: Vec<_> =
        plans("node_ops").flat_map(|plan: node_ops::Plan| node_ops(&plan)).collect();
    // A few nodes need no digests, synchronise by datagrams, and know all kinds.
    let total = sum(stats.iter().map(|stats| counts(&stats.received)));
    check_reached(&total, &["sync_end", "digests", "unknown"]);
    let reached = |count: fn(&Stats) -> u64| stats.iter().map(count).sum::<u64>() > 0;
    assert!(reached(|stats| stats.detector.deaths_declared));
    assert!(reached(|stats| stats.local.refutations));
    assert!(reached(|stats| stats.traffic.pauses));
    assert!(reached(|stats| stats.repair.syncs));
    assert!(reached(|stats| stats.members.refused));
    assert!(reached(|stats| stats.detector.probes_rescued_by_request));
    assert!(reached(|stats| stats.traffic.requests_failed));
    assert!(reached(|stats| stats.detector.pings_misdirected));
    assert!(reached(|stats| stats.rejected.malformed));
    assert!(reached(|stats| stats.events_lost));
    assert!(reached(|stats| stats.traffic.transmits_dropped));
    assert!(reached(|stats| stats.traffic.requests_dropped));
}

#[test]
fn stored_differences_are_repaired_in_every_way() {
    let runs: Vec<_> = plans("reconcile").map(|plan: reconcile::Plan| reconcile(&plan)).collect();
    let stats: Vec<_> = runs.iter().flat_map(|run| run.stats).collect();
    let total = sum(stats.iter().map(|stats| counts(&stats.sent)));
    let kinds = ["want", "sync", "sync_end", "roots", "digests"];
    assert!(kinds.iter().all(|kind| total[kind] > 0), "{total:?}");
    assert!(total["sync"] > 2 * total["sync_end"], "by datagram as well");
    assert!(stats.iter().any(|stats| stats.traffic.requests_failed > 0));
    assert!(runs.iter().any(|run| run.twice > 0));
    assert!(runs.iter().any(|run| run.lost > 0));
}
