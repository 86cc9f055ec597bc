//! The facade: bytes, addresses, routing and pacing.
//!
//! A packet takes one way: bytes, [`input`], one machine, its actions, [`run`], drafts, [`output`],
//! bytes. A machine knows no other machine and no byte of the envelope.

pub(crate) mod action;
mod apply;
mod command;
mod encode;
pub(crate) mod event;
mod input;
mod message;
mod outbox;
mod output;
mod pacer;
mod requests;
mod run;
mod source;
pub(crate) mod stats;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub use command::Delivery;
use event::EventQueue;
use outbox::{Draft, Outgoing};
pub use output::Transmit;
use pacer::Pacer;
use requests::Requests;
pub use requests::{Request, RequestId};

use crate::claim::OwnClaim;
use crate::context::State;
use crate::detector::rules::Rules;
use crate::detector::{FailureDetector, Verdict};
use crate::hash::Key;
use crate::id::ShortId;
use crate::join::Seeds;
use crate::member::{Claim, Phase, Table, VERSIONS, fits};
use crate::repair::Reconciler;
use crate::rng::Rng;
use crate::rumor::Rumors;
use crate::{
    Address, Config, ConfigError, Epoch, Event, Incarnation, Instant, MAX_ADDRESS, MAX_META,
    Member, MessageEvent, NodeId, Stats,
};

/// Description of a node at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Local<A> {
    /// The node's id, which survives restarts.
    pub id: NodeId,
    /// The node's present life: larger after each restart.
    pub epoch: Epoch,
    /// The address at which others reach the node.
    pub address: A,
    /// The name of the cluster. Nodes of different clusters ignore each other.
    pub cluster: String,
    /// Bytes that all members see with this one: at most [`MAX_META`], fewer with a small
    /// [`Config::datagram_budget`].
    pub meta: Vec<u8>,
}

impl<A> Local<A> {
    /// Describes a node of the cluster with the empty name, without metadata.
    pub fn new(id: NodeId, epoch: Epoch, address: A) -> Self {
        Self { id, epoch, address, cluster: String::new(), meta: Vec::new() }
    }

    /// Sets the name of the cluster.
    #[must_use]
    pub fn cluster(self, name: impl Into<String>) -> Self {
        Self { cluster: name.into(), ..self }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn meta(self, meta: impl Into<Vec<u8>>) -> Self {
        Self { meta: meta.into(), ..self }
    }
}

/// One node of a cluster: a state machine without clock, socket, thread or entropy of its own.
///
/// # Contract
///
/// The driver calls an *input* (`handle_*`) when bytes arrive or a deadline passes. It calls a
/// *command* when the application wants something. After such calls it drains the *outputs*
/// [`poll_transmit`](Self::poll_transmit), [`poll_request`](Self::poll_request) and
/// [`poll_event`](Self::poll_event) in any order, each until it returns `None`. Then it waits for
/// the next input, or until [`poll_timeout`](Self::poll_timeout). It may batch several inputs and
/// commands before it drains.
///
/// No call blocks, no input panics, and the work of each is bounded.
///
/// `now` need not be exact. A value earlier than the last one is treated as the last one. If a call
/// comes much later than `poll_timeout` asked for, the node assumes that it was itself suspended or
/// overloaded and extends all deadlines by that time.
///
/// The same seed and the same calls give the same outputs, byte for byte, on every target.
#[derive(Debug)]
pub struct Node<A = core::net::SocketAddr> {
    state: State<A>,
    detector: FailureDetector,
    rumors: Rumors,
    reconciler: Reconciler,
    claim: OwnClaim<A>,
    seeds: Seeds<A>,
    requests: Requests,
    /// This node's short id.
    own_id: ShortId,
    /// The tag of the cluster in each envelope.
    tag: [u8; 4],
    outbox: VecDeque<Outgoing<A>>,
    /// When the driver last drained the outbox, or a datagram entered the empty one.
    last_drained: Instant,
    /// Bulk that left the outbox but not the node.
    pacer: Pacer<A>,
    /// Memory for the drafts of a reply frame.
    reply_drafts: Vec<Draft>,
    /// Memory for lists of items before they are written.
    scratch: Vec<u8>,
    events: EventQueue<A>,
    next_deadline: Option<Instant>,
    table_full_reported: bool,
    stopped: bool,
}

impl<A: Address> Node<A> {
    /// Creates a node that knows no other member.
    ///
    /// `seed` is entropy that must be fresh for each start of a process. It determines all random
    /// choices, the nonces of probes and the keys of the hash tables.
    ///
    /// # Errors
    ///
    /// A field of `config` is out of its bounds, or `local` holds an address or metadata that is
    /// too long.
    pub fn new(
        now: Instant,
        local: Local<A>,
        config: Config,
        seed: [u8; 32],
    ) -> Result<Self, ConfigError> {
        config.validate()?;
        if local.meta.len() > max_meta(&config) {
            return Err(ConfigError::Meta { limit: max_meta(&config) });
        }
        let address = local.address.canonical();
        if !fits(&address) {
            return Err(ConfigError::Address { limit: MAX_ADDRESS });
        }
        let mut keys = Rng::new(&seed, "keys");
        let secret = Key::new(keys.next_u64(), keys.next_u64());
        let cluster = Key::of_cluster(&local.cluster);
        let claim = Claim {
            incarnation: Incarnation { epoch: local.epoch, nonce: keys.next_u32(), number: 0 },
            phase: Phase::Up,
            versions: VERSIONS,
            address,
            meta: local.meta.as_slice().into(),
        };
        let own = Member { id: local.id, claim, accusation: None };
        let mut node = Self {
            detector: FailureDetector::new(now, &config, &seed, secret),
            rumors: Rumors::new(&seed),
            reconciler: Reconciler::new(&seed),
            claim: OwnClaim::new(&seed),
            seeds: Seeds::new(now, &config, &seed),
            requests: Requests::new(secret),
            own_id: cluster.short(&local.id),
            tag: cluster.tag(),
            outbox: VecDeque::with_capacity(QUEUE),
            last_drained: now,
            pacer: Pacer::new(&config),
            reply_drafts: Vec::new(),
            scratch: Vec::with_capacity(config.datagram_budget),
            events: EventQueue::new(config.queues.max_events, 4 * config.requests.max_frame),
            next_deadline: None,
            table_full_reported: false,
            stopped: false,
            state: State {
                now,
                table: Table::new(own, &config, cluster, secret),
                rules: Rules::of(&config.detector),
                config,
                stats: Stats::default(),
                actions: VecDeque::with_capacity(QUEUE),
            },
        };
        node.run_actions();
        Ok(node)
    }

    /// Iterates over all known members: live and departed ones, and this node. The order is
    /// reproducible and otherwise unspecified.
    pub fn members(&self) -> impl Iterator<Item = &Member<A>> {
        self.state.table.iter().map(|slot| &slot.member)
    }

    /// Returns a member, if this node knows it.
    #[must_use]
    pub fn member(&self, id: &NodeId) -> Option<&Member<A>> {
        self.state.table.visible(id).map(|slot| &slot.member)
    }

    /// Returns this node as others see it.
    #[must_use]
    pub fn local(&self) -> &Member<A> {
        &self.state.table.local().member
    }

    /// Returns the number of live members, without this node.
    #[must_use]
    pub fn live_peers(&self) -> usize {
        self.state.table.live().len()
    }

    /// Returns the counters of this node.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.state.stats
    }

    /// Returns the configuration of this node.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.state.config
    }

    /// Returns Lifeguard's local health score. 0 is healthy; a higher score means that this node
    /// itself seems slow or cut off, and waits longer before it accuses.
    #[must_use]
    pub fn health(&self) -> u8 {
        self.detector.health()
    }

    /// Returns whether no member answers this node: in a cluster of more than four, three probes in
    /// a row of different members have failed. An isolated node accuses no member.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.detector.is_isolated()
    }

    /// Returns why a member is suspected or dead: the accusers, the probe and the times. Returns
    /// `None` if it is neither, or if at least 256 members died since.
    #[must_use]
    pub fn why(&self, id: &NodeId) -> Option<Verdict> {
        self.detector.why(&self.state.table, id)
    }

    /// Returns a keyed hash of the whole member table without suspicions. Equal tables of one
    /// cluster have equal fingerprints; different tables collide with probability 2^-64.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.state.table.fingerprint()
    }

    /// Returns whether the last few members that this node heard from had the same table, and no
    /// join, rumour or catch-up is in progress here. A node without members and joins is settled.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let peers = self.live_peers();
        self.rumors.is_idle() && self.seeds.is_idle() && self.reconciler.is_settled(peers)
    }

    /// Returns whether this node has left, or stopped after a conflict. Once its outputs are
    /// drained, it produces no more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Moves the time forward. If the driver comes much later than the deadline, the pause is this
    /// node's own and extends all deadlines.
    fn advance(&mut self, now: Instant) {
        if now <= self.state.now {
            return;
        }
        if let Some(deadline) = self.next_deadline.filter(|deadline| *deadline < now) {
            // A pause counts once.
            let late = now.saturating_duration_since(deadline.max(self.state.now));
            if late >= tolerated(&self.state.config) {
                self.state.stats.traffic.pauses += 1;
                self.detector.postpone(late);
                self.claim.postpone(late);
                self.requests.postpone(late);
                self.seeds.postpone(late);
                self.last_drained = self.last_drained + late;
                self.run_actions();
            }
        }
        self.state.now = now;
    }

    fn emit(&mut self, event: Event<A>) {
        if !self.events.push(event) {
            self.state.stats.events_lost += 1;
        }
    }

    /// Stops this node: it handles no input and sends nothing any more.
    fn stop(&mut self) {
        self.stopped = true;
        self.state.actions.clear();
        self.outbox.clear();
        self.pacer.clear();
        for id in self.requests.clear() {
            self.emit(Event::Message(MessageEvent::Failed { id }));
        }
        self.seeds.stop();
        self.run_join_actions();
    }
}

/// Initial capacity of the queues, sufficient for steady state.
const QUEUE: usize = 16;

/// Returns the delay of a driver from which on it counts as a pause.
fn tolerated(config: &Config) -> Duration {
    config.detector.probe_timeout / 2
}

/// Returns the number of bytes of metadata that fit into a datagram with the rest of a record.
fn max_meta(config: &Config) -> usize {
    use crate::wire::{ENVELOPE, HEADER, SEAL};
    // The largest record without address and metadata.
    const REST: usize = 78;
    MAX_META.min(config.datagram_budget - SEAL - ENVELOPE - HEADER - REST - MAX_ADDRESS)
}

#[cfg(test)]
mod tests;
