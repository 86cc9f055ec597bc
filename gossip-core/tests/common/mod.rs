//! A few nodes on a perfect network, for tests that need no simulator. Every datagram arrives after
//! a millisecond, and every request is answered at once.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::VecDeque;
use std::time::Duration;

use gossip_core::{Config, Epoch, Event, Instant, Local, Node, NodeId, Reject};

/// The travel time of a datagram.
const LATENCY: Duration = Duration::from_millis(1);

struct Packet {
    at: Instant,
    from: u32,
    to: u32,
    bytes: Vec<u8>,
}

/// The network: nodes by address, the time, and the datagrams under way.
pub(crate) struct Net {
    pub(crate) nodes: Vec<Node<u32>>,
    pub(crate) now: Instant,
    pub(crate) events: Vec<Vec<Event<u32>>>,
    /// Addresses that can neither send nor receive.
    pub(crate) cut: Vec<u32>,
    /// Number of datagrams that arrived.
    pub(crate) delivered: u64,
    packets: VecDeque<Packet>,
    pool: Vec<Vec<u8>>,
    buf: Vec<u8>,
    /// Set if `events` collects the events.
    pub(crate) keep_events: bool,
    /// Changes each datagram and frame on its way. It is called with the sender's address.
    pub(crate) rewrite: fn(u32, &mut Vec<u8>),
}

pub(crate) fn id(index: u32) -> NodeId {
    NodeId::from_u128(u128::from(index) + 1)
}

pub(crate) fn node(index: u32, epoch: u64, config: &Config) -> Node<u32> {
    let local = Local::new(id(index), Epoch::new(epoch).unwrap(), index).cluster("test");
    let mut seed = [epoch as u8; 32];
    seed[..4].copy_from_slice(&index.to_le_bytes());
    Node::new(Instant::ORIGIN, local, config.clone(), seed).unwrap()
}

impl Net {
    pub(crate) fn new(count: u32, config: &Config) -> Self {
        Self {
            nodes: (0..count).map(|index| node(index, 1, config)).collect(),
            now: Instant::ORIGIN,
            events: (0..count).map(|_| Vec::new()).collect(),
            cut: Vec::new(),
            delivered: 0,
            packets: VecDeque::with_capacity(10_000),
            pool: (0..1_000).map(|_| Vec::with_capacity(2_000)).collect(),
            buf: vec![0; 65_000],
            keep_events: true,
            rewrite: |_, _| (),
        }
    }

    /// Returns a network of nodes that know each other.
    pub(crate) fn joined(count: u32, config: &Config) -> Self {
        let mut net = Self::new(count, config);
        net.join_all();
        net
    }

    /// Makes all nodes join through the first, and runs until they know each other.
    pub(crate) fn join_all(&mut self) {
        for node in &mut self.nodes {
            node.join(self.now, [0]);
        }
        self.run_until(60, |net| net.nodes.iter().all(|node| node.is_settled()));
        for node in &self.nodes {
            assert_eq!(node.live_peers() + 1, self.nodes.len());
        }
    }

    /// Runs until `done`. Panics if that takes more than `seconds`.
    pub(crate) fn run_until(&mut self, seconds: u64, done: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(seconds);
        while !done(self) {
            assert!(self.now < end, "not done after {seconds} s");
            self.step();
        }
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    /// Drains all nodes and advances to the next event.
    pub(crate) fn step(&mut self) {
        self.drain_all();
        let timeouts = self.nodes.iter().filter_map(Node::poll_timeout);
        let next = timeouts.chain(self.packets.front().map(|packet| packet.at)).min();
        self.now = next.expect("a cluster always has a deadline").max(self.now);
        while self.packets.front().is_some_and(|packet| packet.at <= self.now) {
            let mut packet = self.packets.pop_front().unwrap();
            if !self.cut.contains(&packet.from) && !self.cut.contains(&packet.to) {
                self.delivered += 1;
                if let Some(node) = self.nodes.get_mut(packet.to as usize) {
                    let handled = node.handle_datagram(self.now, &packet.from, &mut packet.bytes);
                    assert!(matches!(handled, Ok(()) | Err(Reject::Stopped)), "{handled:?}");
                }
            }
            self.pool.push(packet.bytes);
        }
        for index in 0..self.nodes.len() {
            if self.nodes[index].poll_timeout().is_some_and(|at| at <= self.now) {
                self.nodes[index].handle_timeout(self.now);
            }
        }
        self.drain_all();
    }

    fn drain_all(&mut self) {
        for index in 0..self.nodes.len() {
            self.drain(index);
        }
    }

    fn drain(&mut self, index: usize) {
        let from = index as u32;
        while let Some(transmit) = self.nodes[index].poll_transmit(self.now, &mut self.buf) {
            let mut bytes = self.pool.pop().unwrap_or_default();
            bytes.clear();
            bytes.extend_from_slice(transmit.bytes);
            (self.rewrite)(from, &mut bytes);
            self.packets.push_back(Packet { at: self.now + LATENCY, from, to: transmit.to, bytes });
        }
        let mut frame = Vec::new();
        while let Some(request) = self.nodes[index].poll_request(self.now, &mut frame) {
            (self.rewrite)(from, &mut frame);
            let cut = self.cut.contains(&from) || self.cut.contains(&request.to);
            let mut reply = Vec::new();
            let answered = !cut
                && self.nodes.get_mut(request.to as usize).is_some_and(|node| {
                    node.handle_request(self.now, &from, &mut frame, &mut reply).is_ok()
                });
            if answered {
                (self.rewrite)(request.to, &mut reply);
                self.nodes[index].handle_reply(self.now, request.id, &mut reply).unwrap();
            } else {
                self.nodes[index].handle_request_failed(self.now, request.id);
            }
        }
        while let Some(event) = self.nodes[index].poll_event() {
            if self.keep_events {
                self.events[index].push(event);
            }
        }
    }

    /// Restarts the node at this address in a new life.
    pub(crate) fn restart(&mut self, index: u32, epoch: u64, config: &Config) {
        self.nodes[index as usize] = node(index, epoch, config);
    }
}
