//! A cluster in which half of the nodes run a newer minor version. These nodes send a kind of
//! message that the others do not know, and append fields to all known messages. The cluster works
//! all the same.
//!
//! The test network imitates the newer version: it rewrites the datagrams of these nodes as
//! `docs/protocol.md` allows.

mod common;

use common::{Net, id};
use gossip_core::{Config, Node, Status};

/// Length of the envelope: version and flags, cluster tag, and sender.
const ENVELOPE: usize = 9;

/// A kind of message that this version does not know.
const UNKNOWN: u8 = 30;

/// Fields that this version does not know.
const NEWS: &[u8] = b"\xff\x00news";

/// Reads a length in bytes of seven bits, the lowest first. Returns it and the remaining bytes.
fn read_length(bytes: &[u8]) -> (usize, &[u8]) {
    let last = bytes.iter().position(|byte| byte & 0x80 == 0).expect("a length ends");
    let (varint, rest) = bytes.split_at(last + 1);
    (varint.iter().rev().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f)), rest)
}

fn write_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fn write_message(bytes: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    bytes.push(kind);
    write_length(bytes, parts.iter().map(|part| part.len()).sum());
    bytes.extend(parts.iter().copied().flatten());
}

/// Rewrites a datagram of a node at an odd address as the newer version would have sent it.
fn newer(from: u32, datagram: &mut Vec<u8>) {
    if from.is_multiple_of(2) {
        return;
    }
    let (envelope, mut rest) = datagram.split_at(ENVELOPE);
    let mut bytes = envelope.to_vec();
    write_message(&mut bytes, UNKNOWN, &[NEWS]);
    while let [kind, behind @ ..] = rest {
        let (length, behind) = read_length(behind);
        let (body, next) = behind.split_at(length);
        write_message(&mut bytes, *kind, &[body, NEWS]);
        write_message(&mut bytes, UNKNOWN, &[]);
        rest = next;
    }
    *datagram = bytes;
}

/// Returns whether every node is settled and sees `peers` live peers.
fn all_see(net: &Net, peers: usize) -> bool {
    net.nodes.iter().all(|node| node.live_peers() == peers && node.is_settled())
}

fn mixed_cluster(config: &Config) {
    let mut net = Net::new(10, config);
    net.rewrite = newer;
    net.join_all();

    for lost in [8, 9] {
        net.cut.push(lost);
        net.run_until(60, |net| {
            let others = net.nodes.iter().filter(|node| node.local().id() != id(lost));
            let status = |node: &Node<u32>| node.member(&id(lost)).unwrap().status();
            others.map(status).all(|status| status == Status::Dead)
        });
        net.cut.clear();
        net.run_until(60, |net| all_see(net, 9));
    }

    let fingerprint = net.nodes[0].fingerprint();
    for (address, node) in net.nodes.iter().enumerate() {
        assert_eq!(node.fingerprint(), fingerprint);
        let stats = node.stats();
        let received = &stats.received;
        assert!(received.unknown > 0, "node {address} met no newer node");
        let known = [received.detector.ping, received.detector.ack, received.member.record];
        assert!(known.iter().all(|count| *count > 0), "{received:?}");
        assert_eq!(stats.rejected.malformed, 0);
    }
}

#[test]
fn mixed_cluster_works_by_datagrams() {
    mixed_cluster(&Config::lan().with(|config| config.requests.enabled = false));
}

#[test]
fn mixed_cluster_works_by_requests() {
    mixed_cluster(&Config::lan());
}
