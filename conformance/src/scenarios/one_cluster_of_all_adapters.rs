use std::time::Duration;

use gossip_core::{Delivery, Status};

use crate::Adapter;
use crate::adapter::{cluster, id, watchful};
use crate::wait::{done, message, sees, until};

/// Nodes of several adapters form one cluster.
pub fn one_cluster_of_all_adapters(adapters: &[Adapter]) {
    // Quick enough to notice a crash soon, and slow enough for a busy machine.
    let mut config = watchful();
    config.detector.suspicion_timeout = Duration::from_secs(2);
    // Two nodes per adapter.
    let size = 2 * adapters.len();
    let nodes = cluster(size, config, |number| adapters[number % adapters.len()]);
    for (from, to) in (0..size).zip(1..size) {
        let mut events = nodes[to].events();
        for delivery in [Delivery::Datagram, Delivery::Request] {
            nodes[from].send(nodes[to].id(), b"hello", delivery).unwrap();
            assert_eq!(message(&mut events), (nodes[from].id(), b"hello".to_vec()));
        }
    }
    nodes[size - 1].set_meta(b"news").unwrap();
    let last = nodes[size - 1].id();
    for node in &nodes {
        until(node, move |node| node.member(&last).is_some_and(|m| m.meta() == b"news"));
    }

    // One node leaves, and one crashes.
    done(nodes[0].leave());
    done(nodes[1].shutdown());
    for node in &nodes[2..] {
        sees(node, id(1), Status::Left);
        sees(node, id(2), Status::Dead);
        until(node, move |node| node.live_peers() == size - 3);
    }
}
