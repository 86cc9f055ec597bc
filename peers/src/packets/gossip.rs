//! Our node, and packets that other nodes really send to it.

use std::hint::black_box;
use std::net::SocketAddr;

use gossip_core::{Config, Instant};

use super::{BUDGET, Packet, RECORDS, Receiver};
use crate::known;
use crate::known::teach::{NOW, address, deliver, discard, newcomer};

pub(super) struct Node {
    node: gossip_core::Node,
    config: Config,
    now: Instant,
    buffer: Vec<u8>,
}

impl Receiver for Node {
    fn new(count: u32) -> Self {
        let mut config = Config::lan();
        config.datagram_budget = BUDGET;
        // Then the node sends everything by datagram.
        config.requests.enabled = false;
        // Only the packets matter, so all records come at once.
        config.repair.bytes_per_second = 1 << 30;
        let node = known::gossip(count, &config);
        Self { node, config, now: NOW, buffer: vec![0; BUDGET] }
    }

    fn ping_from(&mut self, sender: u32) -> Packet {
        self.meet(sender).0
    }

    fn known_records(&mut self) -> Vec<Packet> {
        let (_, mut told) = self.meet(1);
        told.retain_mut(|packet| {
            let before = self.node.stats().members.records_known;
            self.handle(packet.sender, &mut packet.bytes.clone());
            self.node.stats().members.records_known - before == RECORDS as u64
        });
        told
    }

    fn handle(&mut self, sender: u32, packet: &mut [u8]) -> u64 {
        let handled = self.node.handle_datagram(self.now, &address(sender), packet);
        assert_eq!(handled, Ok(()));
        let mut answers = 0;
        while let Some(answer) = self.node.poll_transmit(self.now, &mut self.buffer) {
            black_box(answer.bytes);
            answers += 1;
        }
        answers
    }
}

impl Node {
    /// Lets a member ping the node and prove its address. Returns the ping, and the records that
    /// the node then sends: all, since the member knows no other.
    fn meet(&mut self, sender: u32) -> (Packet, Vec<Packet>) {
        let here = address(sender);
        let mut peer = newcomer(sender, &self.config);
        // The same node, before it knew many.
        let mut twin = newcomer(0, &self.config);
        peer.join(NOW, [address(0)]);
        deliver(&mut peer, &mut twin);
        deliver(&mut twin, &mut peer);
        discard(&mut peer);
        let ping = loop {
            self.now = peer.poll_timeout().expect("it runs").max(self.now);
            peer.handle_timeout(self.now);
            if let Some(ping) = sent(&mut peer, self.now, address(0)).pop() {
                break ping;
            }
        };
        let mut for_node = vec![ping.clone()];
        let mut told = Vec::new();
        while !for_node.is_empty() {
            for packet in &mut for_node {
                assert_eq!(self.node.handle_datagram(self.now, &here, packet), Ok(()));
            }
            let mut for_peer = sent(&mut self.node, self.now, here);
            told.extend(for_peer.iter().map(|bytes| Packet { sender, bytes: bytes.clone() }));
            for packet in &mut for_peer {
                assert_eq!(peer.handle_datagram(self.now, &address(0), packet), Ok(()));
            }
            for_node = sent(&mut peer, self.now, address(0));
        }
        (Packet { sender, bytes: ping }, told)
    }
}

/// Returns the datagrams of a node to an address, and drops the others.
fn sent(node: &mut gossip_core::Node, now: Instant, to: SocketAddr) -> Vec<Vec<u8>> {
    let mut buffer = [0; BUDGET];
    let mut sent = Vec::new();
    while let Some(transmit) = node.poll_transmit(now, &mut buffer) {
        if transmit.to == to {
            sent.push(transmit.bytes.to_vec());
        }
    }
    sent
}
