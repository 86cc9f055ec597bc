//! The simulation as its user holds it: nodes, time, faults.

use std::collections::HashMap;
use std::time::Duration;

use gossip_core::{Config, Instant, JoinId, Local, Node, NodeId};

use crate::checks::Checks;
use crate::connection::{ConnectionId, Connections};
use crate::host::{Host, Input, NEVER, State};
use crate::knowledge::Knowledge;
use crate::log::Log;
use crate::network::{Links, Network};
use crate::packets::{Packets, Slot};
use crate::random::Random;
use crate::timeline::Timeline;
use crate::traffic::Traffic;

/// How a simulation is set up. Two of equal set-up, driven equally, are equal in every byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimConfig {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The network at the beginning.
    pub network: Network,
    /// Whether the laws of the protocol are checked at every event: no member goes back to an
    /// earlier incarnation or returns from the dead in a life that ended, events and table agree,
    /// no datagram or frame and no queue exceeds its limit. Costs 24 bytes for each pair of nodes.
    pub checks: bool,
    /// How many datagrams wait for a node that is paused or stalled; what comes then is lost. Zero:
    /// all of them are lost.
    pub backlog: usize,
}

impl SimConfig {
    /// A local network, with checks, and a backlog of about a socket buffer's.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, network: Network::lan(), checks: true, backlog: 1_024 }
    }

    /// With this network.
    #[must_use]
    pub const fn network(self, network: Network) -> Self {
        Self { network, ..self }
    }
}

/// The largest address, which is an index into a table.
const MAX_ADDRESS: u32 = 1 << 24;

/// The nodes of one id. There should be one, but a test may want a conflict.
#[derive(Clone, Copy)]
pub(crate) struct Bearers {
    /// What is said of the id is checked under this number.
    pub(crate) first: usize,
    /// Who is known where the id is known.
    pub(crate) last: usize,
}

/// What happens next.
pub(crate) enum Entry {
    /// The node's timer.
    Wake(u32),
    /// A datagram arrives.
    Packet(Slot),
    /// Something is to be sent on a connection, or has arrived.
    Segments(ConnectionId),
    /// The client of a connection waits no longer.
    Deadline(ConnectionId),
}

/// Any number of nodes, the network between them, and a clock of their own: one thread, no
/// sleeping, and everything that happens is a function of the seed and of the calls made.
///
/// Nodes are numbered in the order they were added. A panic of a simulation, or of a test that
/// holds one, names the seed and the virtual time.
pub struct Sim {
    pub(crate) config: SimConfig,
    pub(crate) now: Instant,
    pub(crate) timeline: Timeline<Entry>,
    pub(crate) hosts: Vec<Host>,
    /// By address: the node there.
    pub(crate) routes: Vec<Option<usize>>,
    pub(crate) bearers: HashMap<NodeId, Bearers>,
    pub(crate) links: Links,
    pub(crate) packets: Packets,
    pub(crate) connections: Connections,
    /// The buffer that the next request is written to.
    pub(crate) frame: Vec<u8>,
    pub(crate) knowledge: Knowledge,
    pub(crate) checks: Option<Checks>,
    pub(crate) log: Log,
}

impl Sim {
    /// A simulation without nodes, at the origin of time.
    ///
    /// # Panics
    ///
    /// If a probability is not within 0 and 1; so do all that take one.
    #[must_use]
    pub fn new(config: SimConfig) -> Self {
        Self {
            config,
            now: Instant::ORIGIN,
            timeline: Timeline::default(),
            hosts: Vec::new(),
            routes: Vec::new(),
            bearers: HashMap::new(),
            links: Links::new(config.network, config.seed),
            packets: Packets::default(),
            connections: Connections::default(),
            frame: Vec::new(),
            knowledge: Knowledge::default(),
            checks: config.checks.then(Checks::default),
            log: Log::default(),
        }
    }

    /// Starts a node, whose number is returned.
    ///
    /// # Panics
    ///
    /// If the configuration is invalid, or the address is another's or larger than 2^24.
    pub fn add(&mut self, local: Local<u32>, config: Config) -> usize {
        let index = self.hosts.len();
        self.occupy(local.address, index);
        self.hosts.push(Host::new(local, config));
        self.knowledge.add();
        let first_and_last = Bearers { first: index, last: index };
        let bearers = self.bearers.entry(self.hosts[index].local.id).or_insert(first_and_last);
        self.knowledge.clear_column(bearers.last);
        bearers.last = index;
        self.start(index);
        index
    }

    pub(crate) fn occupy(&mut self, address: u32, index: usize) {
        assert!(address <= MAX_ADDRESS, "address {address} is too large");
        let place = address as usize;
        if self.routes.len() <= place {
            self.routes.resize(place + 1, None);
        }
        assert_eq!(self.routes[place], None, "address {address} is taken");
        self.routes[place] = Some(index);
    }

    /// Starts the process of a host that has none.
    pub(crate) fn start(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        // The links have the first two streams.
        let stream = 2 + ((index as u64) << 32 | u64::from(host.life));
        let seed = Random::new(self.config.seed, stream).bytes();
        let node = Node::new(self.now, host.local.clone(), host.config.clone(), seed);
        host.node = Some(node.unwrap_or_else(|error| panic!("node {index}: {error}")));
        host.state = State::Running;
        host.wake = NEVER;
        host.pauses = 0;
        if let Some(checks) = &mut self.checks {
            checks.reset(index);
        }
        self.drain(index);
    }

    /// How many nodes were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The present.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// A node, to be looked at.
    ///
    /// # Panics
    ///
    /// If its process does not run; so do all that need one that runs.
    #[must_use]
    pub fn node(&self, index: usize) -> &Node<u32> {
        let node = self.hosts[index].node.as_ref();
        node.unwrap_or_else(|| panic!("node {index} does not run"))
    }

    /// Whether the process of a node is there, even if paused, stalled, or silent after leaving.
    #[must_use]
    pub fn has_process(&self, index: usize) -> bool {
        self.hosts[index].state.has_process()
    }

    /// Whether a node runs unhindered: neither paused nor stalled nor gone.
    #[must_use]
    pub fn is_running(&self, index: usize) -> bool {
        self.hosts[index].state == State::Running
    }

    /// Gives a command to a node. What comes out of it goes its way.
    pub fn command<R>(
        &mut self,
        index: usize,
        command: impl FnOnce(&mut Node<u32>, Instant) -> R,
    ) -> R {
        let host = &mut self.hosts[index];
        assert!(host.state != State::Paused, "node {index} is paused");
        let node = host.node.as_mut().unwrap_or_else(|| panic!("node {index} does not run"));
        let result = command(node, self.now);
        self.drain(index);
        result
    }

    /// Lets a node join through others.
    pub fn join(&mut self, index: usize, seeds: impl IntoIterator<Item = usize>) -> JoinId {
        let seeds: Vec<u32> = seeds.into_iter().map(|seed| self.address(seed)).collect();
        self.command(index, |node, now| node.join(now, seeds))
    }

    /// Lets a node leave. It falls silent by itself; its process stays.
    pub fn leave(&mut self, index: usize) {
        self.command(index, |node, now| node.leave(now));
    }

    /// Where a node is.
    #[must_use]
    pub fn address(&self, index: usize) -> u32 {
        self.hosts[index].address
    }

    /// A datagram from nowhere arrives at a node now, with this address as its source.
    pub fn inject(&mut self, from: u32, to: usize, datagram: &[u8]) {
        let slot = self.packets.take(datagram.len());
        let packet = self.packets.get(slot);
        packet.buffer()[..datagram.len()].copy_from_slice(datagram);
        packet.set_len(datagram.len());
        (packet.from, packet.to) = (from, to as u32);
        self.deliver(to, Input::Datagram(slot));
    }

    /// Lets the time pass.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_to(self.now + duration);
    }

    /// Lets everything happen up to and including this time.
    pub fn run_to(&mut self, time: Instant) {
        while self.step(time) {}
        self.now = self.now.max(time);
    }

    /// Lets the time pass until a condition holds, at most for `limit`; says how long it took.
    /// The condition is evaluated after everything that happens, so it should cost little.
    pub fn run_until(
        &mut self,
        limit: Duration,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> Option<Duration> {
        let begin = self.now;
        let end = begin + limit;
        loop {
            if condition(self) {
                return Some(self.now.saturating_duration_since(begin));
            }
            if !self.step(end) {
                self.now = self.now.max(end);
                return condition(self).then_some(limit);
            }
        }
    }

    /// What a node has sent since it was added, over all its lives.
    #[must_use]
    pub fn traffic(&self, index: usize) -> Traffic {
        self.hosts[index].traffic
    }
}
