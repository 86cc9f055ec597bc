//! Foca nodes in our simulated network, driven as on sockets.

use std::time::Duration;

use foca::{Notification, PostcardCodec, Runtime, Timer};
use gossip_sim::raw::{Links, Timeline};
use gossip_sim::{Network, Traffic};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::Nodes;
use crate::clusters::ANNOUNCE_AGAIN;
use crate::{Foca, known};

/// The identity of a node. Its address is its number, as for our simulated nodes.
type Id = crate::Id<u32>;

/// A cluster of foca nodes, which join through node 0.
pub(super) struct FocaNodes {
    nodes: Vec<Node>,
    /// Number of nodes that know all others.
    informed: usize,
    air: Air,
    delivered: u64,
    /// Inputs that the nodes refused.
    errors: u64,
}

struct Node {
    foca: Foca<u32>,
    /// Whether the node's next announcement is in the timeline.
    seeks: bool,
}

/// A step, and its node.
enum Entry {
    /// The node announces itself, if it knows no other.
    Seek(u32),
    Timer(u32, Timer<Id>),
    Datagram(u32, Vec<u8>),
}

impl FocaNodes {
    pub(super) fn new(size: u32, network: Network, seed: u64) -> Self {
        let config = known::foca_config(size);
        let mut seeds = SmallRng::seed_from_u64(seed);
        let node = |number| {
            let rng = SmallRng::from_rng(&mut seeds);
            Node { foca: Foca::new(id(number), config.clone(), rng, PostcardCodec), seeks: false }
        };
        let nodes: Vec<Node> = (0..size).map(node).collect();
        let mut this = Self {
            informed: 0,
            air: Air::new(nodes.len(), Links::new(network, seed)),
            nodes,
            delivered: 0,
            errors: 0,
        };
        (1..size).for_each(|number| this.seek_later(number, Duration::ZERO));
        this
    }

    /// Runs the next step, unless it is later than `limit`.
    fn step(&mut self, limit: u64) -> bool {
        let Some((at, entry)) = self.air.timeline.pop(limit) else { return false };
        self.air.now = at;
        let (number, seeks) = match entry {
            Entry::Seek(number) => (number, true),
            Entry::Timer(number, _) | Entry::Datagram(number, _) => (number, false),
        };
        let others = self.nodes.len() - 1;
        let before = self.nodes[number as usize].foca.num_members();
        if self.handle(number, entry).is_err() {
            self.errors += 1;
        }
        let after = self.nodes[number as usize].foca.num_members();
        self.informed += usize::from(after == others);
        self.informed -= usize::from(before == others);
        if after == 0 && number > 0 {
            self.seek_later(number, if seeks { ANNOUNCE_AGAIN } else { Duration::ZERO });
        }
        true
    }

    fn handle(&mut self, number: u32, entry: Entry) -> Result<(), foca::Error> {
        let Node { foca, seeks } = &mut self.nodes[number as usize];
        self.air.sender = number;
        match entry {
            Entry::Seek(_) => {
                *seeks = false;
                let alone = foca.num_members() == 0;
                if alone { foca.announce(id(0), &mut self.air) } else { Ok(()) }
            }
            Entry::Timer(_, timer) => foca.handle_timer(timer, &mut self.air),
            Entry::Datagram(_, bytes) => {
                self.delivered += 1;
                let result = foca.handle_data(&bytes, &mut self.air);
                self.air.spare.push(bytes);
                result
            }
        }
    }

    /// Lets a node announce itself after this time, unless an announcement is scheduled.
    fn seek_later(&mut self, number: u32, after: Duration) {
        let seeks = &mut self.nodes[number as usize].seeks;
        if !std::mem::replace(seeks, true) {
            self.air.timeline.push(self.air.now + micros(after), Entry::Seek(number));
        }
    }
}

impl Nodes for FocaNodes {
    fn run_for(&mut self, duration: Duration) {
        let end = self.air.now + micros(duration);
        while self.step(end) {}
        self.air.now = end;
    }

    fn run_until_all_know_all(&mut self, limit: Duration) -> Option<Duration> {
        let begin = self.air.now;
        let end = begin + micros(limit);
        while self.informed < self.nodes.len() {
            if !self.step(end) {
                self.air.now = end;
                return None;
            }
        }
        Some(Duration::from_micros(self.air.now - begin))
    }

    fn traffic(&self, number: usize) -> Traffic {
        self.air.sent[number]
    }

    fn delivered(&self) -> u64 {
        self.delivered
    }

    fn errors(&self) -> u64 {
        self.errors
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}

/// Returns the identity of a node's first life.
fn id(number: u32) -> Id {
    Id { addr: number, bump: 1 }
}

/// The runtime that foca calls while it handles an input.
struct Air {
    now: u64,
    timeline: Timeline<Entry>,
    links: Links,
    /// The calling node.
    sender: u32,
    /// Counters by node.
    sent: Vec<Traffic>,
    /// Buffers of datagrams that have been read, for reuse.
    spare: Vec<Vec<u8>>,
}

impl Air {
    fn new(size: usize, links: Links) -> Self {
        Self {
            now: 0,
            timeline: Timeline::default(),
            links,
            sender: 0,
            sent: vec![Traffic::default(); size],
            spare: Vec::new(),
        }
    }

    fn carry(&mut self, to: u32, data: &[u8], delay: u64) {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(data);
        self.timeline.push(self.now + delay, Entry::Datagram(to, bytes));
    }
}

impl Runtime<Id> for Air {
    fn notify(&mut self, _: Notification<'_, Id>) {}

    fn send_to(&mut self, to: Id, data: &[u8]) {
        let (from, datagram_bytes) = (self.sender as usize, data.len() as u64);
        self.sent[from] += Traffic { datagrams: 1, datagram_bytes, ..Traffic::default() };
        let Some(passage) = self.links.send(from, to.addr as usize) else { return };
        if let Some(delay) = passage.double {
            self.carry(to.addr, data, delay);
        }
        self.carry(to.addr, data, passage.delay);
    }

    fn submit_after(&mut self, event: Timer<Id>, after: Duration) {
        let at = self.now + micros(after);
        self.timeline.push(at, Entry::Timer(self.sender, event));
    }
}
