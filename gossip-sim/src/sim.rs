//! The simulation: nodes and time.

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

/// Configuration of a simulation. Two simulations with equal configurations and equal calls are
/// equal in every byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimConfig {
    /// The seed of all randomness.
    pub seed: u64,
    /// The initial network.
    pub network: Network,
    /// Whether to check the laws of the protocol at every event. No member goes back to an earlier
    /// incarnation, or returns in a life that ended. Events and table agree. No datagram, frame or
    /// queue exceeds its limit. The checks take 24 bytes per pair of nodes.
    pub checks: bool,
    /// Number of datagrams that wait for a paused or stalled node. Further ones are lost.
    pub backlog: usize,
}

impl SimConfig {
    /// Returns a local network with checks, and a backlog of about a socket's buffer.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, network: Network::lan(), checks: true, backlog: 1_024 }
    }

    /// Sets the network.
    #[must_use]
    pub const fn network(self, network: Network) -> Self {
        Self { network, ..self }
    }
}

/// The largest address. Addresses are indices into a table.
const MAX_ADDRESS: u32 = 1 << 24;

/// The nodes of one id: one, or several for a test of conflicts.
#[derive(Clone, Copy)]
pub(crate) struct Bearers {
    /// The number of the id in the checks.
    pub(crate) first: usize,
    /// The node that counts as known where the id is known.
    pub(crate) last: usize,
}

/// An entry of the timeline.
pub(crate) enum Entry {
    /// The node's timer.
    Wake(u32),
    /// A datagram arrives.
    Packet(Slot),
    /// A step of a connection.
    Segments(ConnectionId),
    /// The deadline of a connection.
    Deadline(ConnectionId),
}

/// A simulation: any number of nodes, the network between them, and a virtual clock, in one thread
/// and without sleeping. A run is a pure function of the seed and of the calls.
///
/// Nodes are numbered in the order in which they were added. A panic of a simulation, or of a test
/// that holds one, prints the seed and the virtual time.
pub struct Sim {
    pub(crate) config: SimConfig,
    pub(crate) now: Instant,
    pub(crate) timeline: Timeline<Entry>,
    pub(crate) hosts: Vec<Host>,
    /// The node at each address.
    pub(crate) routes: Vec<Option<usize>>,
    pub(crate) bearers: HashMap<NodeId, Bearers>,
    pub(crate) links: Links,
    pub(crate) packets: Packets,
    pub(crate) connections: Connections,
    /// The buffer of the next request.
    pub(crate) frame: Vec<u8>,
    pub(crate) knowledge: Knowledge,
    pub(crate) checks: Option<Checks>,
    pub(crate) log: Log,
}

impl Sim {
    /// Creates a simulation without nodes, at the origin of time.
    ///
    /// # Panics
    ///
    /// Panics if a probability is not between 0 and 1, as do all methods that take one.
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

    /// Starts a node. Returns its number.
    ///
    /// # Panics
    ///
    /// Panics if the configuration is invalid, or if the address is in use or larger than 2^24.
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

    /// Starts the process of a host without one.
    pub(crate) fn start(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        // The links use the first two streams.
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

    /// Returns the number of nodes added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Returns whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Returns the present virtual time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Returns a node.
    ///
    /// # Panics
    ///
    /// Panics if its process does not run, as do all methods that need a running one.
    #[must_use]
    pub fn node(&self, index: usize) -> &Node<u32> {
        let node = self.hosts[index].node.as_ref();
        node.unwrap_or_else(|| panic!("node {index} does not run"))
    }

    /// Returns whether the process of a node exists, even if it is paused, stalled or stopped.
    #[must_use]
    pub fn has_process(&self, index: usize) -> bool {
        self.hosts[index].state.has_process()
    }

    /// Returns whether a node runs and is neither paused nor stalled.
    #[must_use]
    pub fn is_running(&self, index: usize) -> bool {
        self.hosts[index].state == State::Running
    }

    /// Gives a command to a node, and processes its outputs.
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

    /// Lets a node leave. The node stops by itself, and its process stays.
    pub fn leave(&mut self, index: usize) {
        self.command(index, |node, now| node.leave(now));
    }

    /// Returns the address of a node.
    #[must_use]
    pub fn address(&self, index: usize) -> u32 {
        self.hosts[index].address
    }

    /// Delivers a forged datagram to a node now, with this source address.
    pub fn inject(&mut self, from: u32, to: usize, datagram: &[u8]) {
        let slot = self.packets.take(datagram.len());
        let packet = self.packets.get(slot);
        packet.buffer()[..datagram.len()].copy_from_slice(datagram);
        packet.set_len(datagram.len());
        (packet.from, packet.to) = (from, to as u32);
        self.deliver(to, Input::Datagram(slot));
    }

    /// Runs for this time.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_to(self.now + duration);
    }

    /// Runs up to and including this time.
    pub fn run_to(&mut self, time: Instant) {
        while self.step(time) {}
        self.now = self.now.max(time);
    }

    /// Runs until a condition holds, at most for `limit`. Returns how long it took. The condition
    /// is evaluated after every entry of the timeline, so it should be cheap.
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

    /// Returns the traffic of a node since it was added, over all its lives.
    #[must_use]
    pub fn traffic(&self, index: usize) -> Traffic {
        self.hosts[index].traffic
    }
}
