//! What fuzzing found worth keeping, replayed: nothing breaks, and it goes deep.

mod fuzz;

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};

/// The kinds of messages in `Stats::messages_received`: all that there are, and the unknown.
const KINDS: [usize; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn add(total: &mut [u64; 16], more: &[u64; 16]) {
    total.iter_mut().zip(more).for_each(|(total, more)| *total += more);
}

#[test]
fn datagrams_that_are_stored_reach_every_kind_of_message() {
    let mut total = [0; 16];
    for bytes in corpus("datagram") {
        add(&mut total, &fuzz::datagram(&bytes));
    }
    assert!(KINDS.iter().all(|&kind| total[kind] > 0), "{total:?}");
}

#[test]
fn datagrams_of_a_real_life_reach_every_kind_of_message() {
    let mut total = [0; 16];
    for bytes in fuzz::seeds() {
        add(&mut total, &fuzz::datagram(&bytes));
    }
    assert!(KINDS.iter().all(|&kind| total[kind] > 0), "{total:?}");
}
