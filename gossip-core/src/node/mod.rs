//! The facade: the only place that knows bytes, addresses and more than one machine.
//!
//! The way of a packet: bytes, `input`, one machine, its actions, `output`, bytes.

pub(crate) mod action;
mod bulk;
mod command;
mod encode;
mod input;
mod join;
mod learn;
mod output;
mod own;
mod repair;
mod requests;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use action::Action;
use bulk::Bulk;
pub use command::Delivery;
use encode::Body;
use join::Seeds;
use output::Outgoing;
pub use output::Transmit;
use own::Own;
use requests::Requests;
pub use requests::{Request, RequestId};

use crate::context::Context;
use crate::detector::{FailureDetector, Verdict};
use crate::event::EventQueue;
use crate::hash::Key;
use crate::id::ShortId;
use crate::member::{Claim, Phase, Table, VERSIONS, fits};
use crate::repair::Reconciler;
use crate::rng::Rng;
use crate::rumor::Rumors;
use crate::{
    Address, Config, ConfigError, Epoch, Event, Incarnation, Instant, MAX_ADDRESS, MAX_META,
    Member, MessageEvent, NodeId, Stats,
};

/// What a node knows of itself when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local<A> {
    /// Who it is.
    pub id: NodeId,
    /// Which life it lives: larger after each restart.
    pub epoch: Epoch,
    /// Where others can reach it.
    pub address: A,
    /// The name of the cluster. Nodes of different names ignore each other.
    pub cluster: String,
    /// What others see with this member; at most [`MAX_META`] bytes, less with a small
    /// [`Config::datagram_budget`].
    pub meta: Vec<u8>,
}

impl<A> Local<A> {
    /// A node of the cluster with the empty name, without metadata.
    pub fn new(id: NodeId, epoch: Epoch, address: A) -> Self {
        Self { id, epoch, address, cluster: String::new(), meta: Vec::new() }
    }

    /// In the cluster of this name.
    #[must_use]
    pub fn cluster(self, name: impl Into<String>) -> Self {
        Self { cluster: name.into(), ..self }
    }

    /// With this metadata.
    #[must_use]
    pub fn meta(self, meta: impl Into<Vec<u8>>) -> Self {
        Self { meta: meta.into(), ..self }
    }
}

/// One node of a cluster: a state machine without clock, socket, thread or entropy of its own.
///
/// # Contract
///
/// The driver calls an *input* when something arrived or the time asked for has come, and a
/// *command* when the application wants something. After any such call it drains the *outputs*,
/// [`poll_transmit`](Self::poll_transmit), [`poll_request`](Self::poll_request) and
/// [`poll_event`](Self::poll_event), each until `None`, then waits until
/// [`poll_timeout`](Self::poll_timeout) or the next input. Many inputs and commands may come
/// before one drain. No call blocks, no input panics, and the work of each is bounded.
///
/// `now` never needs to be exact, and one earlier than before counts as the one before. If a call
/// comes much later than `poll_timeout` asked for, the node takes it that it was paused itself
/// (suspended, overloaded) and forgives the others the time it missed.
///
/// The same seed and the same calls give the same outputs, byte for byte, on every target.
#[derive(Debug)]
pub struct Node<A = core::net::SocketAddr> {
    shared: Shared<A>,
    detector: FailureDetector,
    rumors: Rumors,
    reconciler: Reconciler,
    own: Own<A>,
    seeds: Seeds<A>,
    requests: Requests,
    outbox: VecDeque<Outgoing<A>>,
    /// When the driver last took something out, or something was put in and it was empty.
    moved: Instant,
    /// What left the outbox but not the node.
    bulk: Bulk<A>,
    /// The parts of the reply to the request being handled.
    answers: Vec<Body>,
    /// Where items are put together before they are written.
    scratch: Vec<u8>,
    events: EventQueue<A>,
    /// When something is to be done.
    due: Option<Instant>,
    /// Whether it was said that the table is full.
    full: bool,
    stopped: bool,
}

/// What all machines see.
#[derive(Debug)]
struct Shared<A> {
    now: Instant,
    config: Config,
    table: Table<A>,
    stats: Stats,
    actions: VecDeque<Action>,
    cluster: Key,
    secret: Key,
    tag: [u8; 4],
    /// What stands for us on the wire.
    own: ShortId,
}

impl<A> Shared<A> {
    fn cx(&mut self) -> Context<'_, A> {
        Context {
            now: self.now,
            config: &self.config,
            table: &self.table,
            stats: &mut self.stats,
            actions: &mut self.actions,
        }
    }
}

impl<A: Address> Node<A> {
    /// A node that knows nobody yet.
    ///
    /// `seed` is entropy that must be fresh for each start of a process: from it come all random
    /// choices, the nonces of probes and the keys of the hash tables.
    ///
    /// # Errors
    ///
    /// If a field of `config` is out of its bounds, or `local` holds an address or metadata that
    /// is too long.
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
            own: Own::new(&seed),
            seeds: Seeds::new(now, &config, &seed),
            requests: Requests::new(secret),
            outbox: VecDeque::with_capacity(QUEUE),
            moved: now,
            bulk: Bulk::new(&config),
            answers: Vec::new(),
            scratch: Vec::with_capacity(config.datagram_budget),
            events: EventQueue::new(config.queues.max_events, 4 * config.requests.max_frame),
            due: None,
            full: false,
            stopped: false,
            shared: Shared {
                now,
                table: Table::new(own, &config, cluster, secret),
                config,
                stats: Stats::default(),
                actions: VecDeque::with_capacity(QUEUE),
                cluster,
                secret,
                tag: cluster.tag(),
                own: cluster.short(&local.id),
            },
        };
        node.run_actions();
        Ok(node)
    }

    /// Everybody known, the dead and ourselves included, in no particular but a reproducible
    /// order.
    pub fn members(&self) -> impl Iterator<Item = &Member<A>> {
        self.shared.table.iter().map(|slot| &slot.member)
    }

    /// What is known of one member now.
    #[must_use]
    pub fn member(&self, id: &NodeId) -> Option<&Member<A>> {
        self.shared.table.shown(id).map(|slot| &slot.member)
    }

    /// Ourselves, as others see us.
    #[must_use]
    pub fn local(&self) -> &Member<A> {
        &self.shared.table.own().member
    }

    /// How many other members are live.
    #[must_use]
    pub fn live_peers(&self) -> usize {
        self.shared.table.live().len()
    }

    /// What this node did so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// How it was configured.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Lifeguard's local health score: 0 is well, more means that this node itself seems slow or
    /// cut off, and waits longer before it accuses.
    #[must_use]
    pub fn health(&self) -> u8 {
        self.detector.health()
    }

    /// Whether no member answers: three probes in a row of different members, in a cluster of more
    /// than four, have failed. An isolated node accuses nobody.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.detector.is_isolated()
    }

    /// Why a member is suspected or dead: who accused it, by which ways and when; `None` if it is
    /// neither, or too many others have died since.
    #[must_use]
    pub fn why(&self, id: &NodeId) -> Option<Verdict> {
        self.detector.why(&self.shared.table, id)
    }

    /// A keyed hash of the whole member table, suspicions excluded: equal tables of one cluster
    /// have equal fingerprints, others differ but for one chance in 2^64.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.shared.table.fingerprint()
    }

    /// Whether the last few members we heard of knew exactly what we know, and no join, rumour or
    /// catching up is under way here. A node that knows nobody and joins nobody is settled.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let peers = self.live_peers();
        self.rumors.is_quiet() && self.seeds.is_quiet() && self.reconciler.is_settled(peers)
    }

    /// Whether the node has left, or fell silent after a conflict: nothing will come out any more
    /// once the outputs are drained.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Takes note of the time, which never goes back. If the driver is much later than it was
    /// asked to be, the pause is ours.
    fn advance(&mut self, now: Instant) {
        if now <= self.shared.now {
            return;
        }
        if let Some(due) = self.due.filter(|due| *due < now) {
            // What was forgiven once is not forgiven again.
            let late = now.saturating_duration_since(due.max(self.shared.now));
            if late >= tolerated(&self.shared.config) {
                self.shared.stats.traffic.pauses += 1;
                self.detector.postpone(late);
                self.own.postpone(late);
                self.requests.postpone(late);
                self.seeds.postpone(late);
                self.moved = self.moved + late;
                self.run_actions();
            }
        }
        self.shared.now = now;
    }

    /// Says that there is something to tell.
    fn emit(&mut self, event: Event<A>) {
        if !self.events.push(event) {
            self.shared.stats.local.events_lost += 1;
        }
    }

    /// Falls silent for good.
    fn stop(&mut self) {
        self.stopped = true;
        self.shared.actions.clear();
        self.outbox.clear();
        self.bulk.clear();
        for id in self.requests.clear() {
            self.emit(Event::Message(MessageEvent::Failed { id }));
        }
        self.end_joins();
    }
}

/// For how much the queues have room from the start; what steady state needs.
const QUEUE: usize = 16;

/// How late a driver may be before it counts as a pause.
fn tolerated(config: &Config) -> Duration {
    config.detector.probe_timeout / 2
}

/// The most metadata that fits into a datagram with the rest of a record.
fn max_meta(config: &Config) -> usize {
    use crate::wire::{ENVELOPE, HEADER, SEAL};
    // Everything in a record but address and metadata, at its largest, is 78 bytes.
    const REST: usize = 78;
    MAX_META.min(config.datagram_budget - SEAL - ENVELOPE - HEADER - REST - MAX_ADDRESS)
}

#[cfg(test)]
mod tests;
