//! Rumours: the records that this node spreads, and how it still has to spread them.
//!
//! A rumour is the id of a record. The node reads the record from the table when a datagram
//! leaves. The age of a rumour alone determines what a node does with it:
//!
//! - *Push*: up to age T = floor(log4 n) + 1, a node pushes the whole record. It sends it to three
//!   random members at each of the ages a, a + 1, ..., T - 1. The number of members that know the
//!   record grows fourfold with each age. At age T almost all members know it, and further pushes
//!   would mostly be copies. The ages need not wait for each other. A node makes all its pushes at
//!   once, and the whole tree of pushes ends after T hops.
//! - *Advertise*: from age T on, a node sends only the name of the record, once per round. A member
//!   that lacks the record requests it. This is the push-pull of Karp et al. (FOCS 2000).
//!
//! A request shows that some members still lack the record, so the requested node goes on to
//! advertise it. A rumour therefore lasts longer when datagrams are lost, up to a limit.
//! Reconciliation finds what is still missing then.

pub(crate) mod action;
pub(crate) mod draft;
pub(crate) mod message;
pub(crate) mod stats;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use action::Action;
use message::write_names;
use smallvec::SmallVec;

use crate::context::Context;
use crate::id::ShortIds;
use crate::member::message::write_record;
use crate::member::{Advert, Slot, Table};
use crate::rng::Rng;
use crate::wire::Writer;
use crate::{Address, Instant, NodeId, time};

/// Maximum number of rumours, about as many as two datagrams hold. Beyond it reconciliation is
/// cheaper.
const MAX_HOT: usize = 48;

/// Number of rounds without a request after which a node stops advertising a rumour.
const UNREQUESTED_ROUNDS: u8 = 3;

/// Number of these rounds in which a node advertises to twice as many members. One member in five
/// has not heard of the rumour then.
const DOUBLED_ROUNDS: u8 = 2;

/// Maximum number of rounds in which a node advertises a rumour.
const MAX_ROUNDS: u8 = 16;

/// Maximum number of requests in progress.
const MAX_REQUESTS: usize = 64;

/// Maximum number of further members that a node remembers for each request.
const MAX_OTHERS: usize = 3;

/// A rumour: one hot record.
#[derive(Debug)]
struct Rumor {
    id: NodeId,
    /// The slot of the record in the table.
    slot: u32,
    /// The age at which the rumour arrived. Once it is old, its present age.
    age: u8,
    /// The member that sent it, and so knows it.
    from: Option<NodeId>,
    state: State,
    /// Number of rounds of advertising since the last request.
    unrequested_rounds: u8,
}

impl Rumor {
    /// Returns the record, unless the table has forgotten it.
    fn get<'t, A: Address>(&self, table: &'t Table<A>) -> Option<&'t Slot<A>> {
        table.in_slot(self.slot).filter(|slot| slot.member.id == self.id)
    }
}

/// A request for an advertised record.
#[derive(Debug)]
struct Request {
    advert: Advert,
    /// When this node asks another member.
    retry_at: Instant,
    /// Other members that advertised the record, and that this node has not asked.
    others: SmallVec<[NodeId; MAX_OTHERS]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The node has still to push the rumour.
    Fresh,
    /// The datagrams that leave now push the rumour.
    Pushed,
    /// The node only advertises the rumour.
    Old,
}

/// The rumour mill of one node.
#[derive(Debug)]
pub(crate) struct Rumors {
    rng: Rng,
    hot: Vec<Rumor>,
    next_push: Option<Instant>,
    next_round: Option<Instant>,
    /// The requests in progress, the earliest first.
    requests: VecDeque<Request>,
}

impl Rumors {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "rumor"),
            hot: Vec::new(),
            next_push: None,
            next_round: None,
            requests: VecDeque::new(),
        }
    }

    /// Returns whether this node spreads no rumour.
    pub(crate) fn is_idle(&self) -> bool {
        self.hot.is_empty()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let retry = self.requests.front().map(|request| request.retry_at);
        time::earliest([self.next_push, self.next_round, retry])
    }

    /// Spreads a record that is news to this node. The age is zero if this node made the change.
    pub(crate) fn spread<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        age: u8,
        from: Option<NodeId>,
    ) {
        let Some(slot) = cx.table.find(&id) else { return };
        let mut news = Rumor { id, slot, age, from, state: State::Old, unrequested_rounds: 0 };
        if let Some(index) = self.hot.iter().position(|rumor| rumor.id == id) {
            let known = self.hot.remove(index);
            if known.state == State::Fresh {
                // The pushes that were due stay due, now with the new record, and to all members.
                news.age = age.min(known.age);
                news.from = from.filter(|_| known.from == from);
            }
        } else if self.hot.len() >= MAX_HOT {
            let oldest = (0..self.hot.len()).max_by_key(|&index| self.hot[index].age);
            self.hot.remove(oldest.unwrap_or(0));
            cx.stats.rumors.dropped += 1;
        }
        if news.age < push_ages(cx.table.live().len()) {
            news.state = State::Fresh;
            let delay = cx.config.rumors.coalesce_delay.max(Duration::from_micros(1));
            self.next_push.get_or_insert(cx.now + delay);
        }
        self.hot.push(news);
        self.next_round.get_or_insert(cx.now + cx.config.rumors.interval);
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        if self.next_push.is_some_and(|at| at <= cx.now) {
            self.next_push = None;
            self.push(cx);
        }
        if self.next_round.is_some_and(|at| at <= cx.now) {
            self.next_round = None;
            self.advertise(cx);
        }
        self.retry(cx);
    }

    /// Pushes the fresh rumours: at each remaining age to a few members.
    fn push<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        let push_ages = push_ages(cx.table.live().len());
        self.retire(push_ages);
        let fresh = || self.hot.iter().filter(|rumor| rumor.state == State::Fresh);
        let Some(youngest) = fresh().map(|rumor| rumor.age).min() else { return };
        // A member that sent all of them does not need them back.
        let mut sources = fresh().map(|rumor| rumor.from);
        let first = sources.next().flatten();
        let source = first.filter(|_| sources.all(|other| other == first));
        for rumor in &mut self.hot {
            if rumor.state == State::Fresh {
                rumor.state = State::Pushed;
            }
        }
        let count = usize::from(cx.config.rumors.fanout);
        for hops in 0..push_ages.saturating_sub(youngest) {
            let fits = |slot: &Slot<A>| Some(slot.member.id) != source;
            for to in cx.table.sample(&mut self.rng, count, fits) {
                cx.push(Action::Push { to, hops });
            }
        }
    }

    /// Makes the pushed rumours old.
    fn retire(&mut self, push_ages: u8) {
        for rumor in self.hot.iter_mut().filter(|rumor| rumor.state == State::Pushed) {
            rumor.state = State::Old;
            rumor.age = rumor.age.max(push_ages);
        }
    }

    /// Advertises the old rumours to a few members, and drops those that have been advertised enough.
    fn advertise<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        let push_ages = push_ages(cx.table.live().len());
        self.retire(push_ages);
        self.hot.retain(|rumor| {
            let is_wanted = rumor.unrequested_rounds < UNREQUESTED_ROUNDS;
            rumor.state == State::Fresh || is_wanted && rumor.age < push_ages + MAX_ROUNDS
        });
        if self.hot.is_empty() {
            return;
        }
        self.next_round = Some(cx.now + cx.config.rumors.interval);
        let old = || self.hot.iter().filter(|rumor| rumor.state == State::Old);
        if let Some(min) = old().map(|rumor| rumor.unrequested_rounds).min() {
            let times = if min < DOUBLED_ROUNDS { 2 } else { 1 };
            let count = times * usize::from(cx.config.rumors.fanout);
            for to in cx.table.sample(&mut self.rng, count, |_| true) {
                cx.push(Action::Advertise { to });
            }
        }
        for rumor in self.hot.iter_mut().filter(|rumor| rumor.state == State::Old) {
            rumor.age += 1;
            rumor.unrequested_rounds += 1;
        }
    }

    /// Returns the age to send with a requested record if it is hot. The receiver counts one hop
    /// more and so arrives at the age of this node. Other members may lack the record too, so the
    /// request also restarts its rounds.
    pub(crate) fn age_for_reply(&mut self, peers: usize, id: &NodeId) -> Option<u8> {
        let rumor = self.hot.iter_mut().find(|rumor| rumor.id == *id)?;
        rumor.unrequested_rounds = 0;
        Some(rumor.age.saturating_sub(1).max(push_ages(peers)))
    }

    /// Returns the first digits of the short ids of hot records, one bit for each digit. Rumours
    /// will mend differences there.
    pub(crate) fn hot_digits<A: Address>(&self, table: &Table<A>) -> u16 {
        let shorts = self.hot.iter().filter_map(|rumor| rumor.get(table));
        shorts.fold(0, |digits, slot| digits | 1 << (slot.short.0 >> 28))
    }

    /// Writes the pushed rumours to a datagram for `to`, `hops` ages older than they arrived,
    /// starting at index `first`. Returns the index for the next datagram if one is needed.
    pub(crate) fn write_pushes<A: Address>(
        &self,
        cx: &mut Context<'_, A>,
        to: NodeId,
        hops: u8,
        first: u8,
        writer: &mut Writer<'_>,
    ) -> Option<u8> {
        let push_ages = push_ages(cx.table.live().len());
        for (index, rumor) in (0..).zip(&self.hot).skip(first.into()) {
            let age = rumor.age.saturating_add(hops);
            let wanted = rumor.from != Some(to) && rumor.id != to;
            if rumor.state != State::Pushed || age >= push_ages || !wanted {
                continue;
            }
            let Some(slot) = rumor.get(cx.table) else { continue };
            if write_record(writer, slot, age, cx.now) {
                continue;
            }
            if !writer.is_empty() {
                return Some(index);
            }
            // The record does not even fit alone.
            cx.stats.members.records_oversize += 1;
        }
        None
    }

    /// Appends the adverts of the old rumours.
    pub(crate) fn write_adverts<A: Address>(&self, cx: &Context<'_, A>, writer: &mut Writer<'_>) {
        let old = self.hot.iter().filter(|rumor| rumor.state == State::Old);
        // If a slot was reused, its present record is advertised just as truly.
        let adverts = old.filter_map(|rumor| cx.table.advert(rumor.slot));
        let names: SmallVec<[_; MAX_HOT]> = adverts.map(Advert::to_bytes).collect();
        write_names(writer, names.as_flattened());
    }

    /// Handles adverts and returns the records to request from the sender now. If this node has
    /// already requested all that it lacks, it remembers `from` for the retry of one of them.
    pub(crate) fn on_advert<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        from: Option<NodeId>,
        adverts: impl Iterator<Item = Advert>,
    ) -> ShortIds {
        let mut wanted = SmallVec::new();
        let mut requested = SmallVec::<[usize; MAX_REQUESTS]>::new();
        for advert in adverts.filter(|advert| lacks(cx.table, *advert)) {
            let known = |request: &Request| request.advert.short == advert.short;
            if let Some(index) = self.requests.iter().position(known) {
                requested.push(index);
            } else if self.requests.len() < MAX_REQUESTS {
                wanted.push(advert.short);
                self.note_request(cx, advert, SmallVec::new());
            } else {
                cx.stats.rumors.wants_dropped += 1;
            }
        }
        if let Some(from) = from.filter(|_| wanted.is_empty()) {
            let others = |index: &usize| self.requests[*index].others.len();
            if let Some(index) = requested.into_iter().min_by_key(others)
                && self.requests[index].others.len() < MAX_OTHERS
                && !self.requests[index].others.contains(&from)
            {
                self.requests[index].others.push(from);
            }
        }
        wanted
    }

    /// Remembers a request. The answer comes within milliseconds, or is lost.
    fn note_request<A>(
        &mut self,
        cx: &Context<'_, A>,
        advert: Advert,
        others: SmallVec<[NodeId; MAX_OTHERS]>,
    ) {
        let retry_at = cx.now + cx.config.rumors.interval / 4;
        self.requests.push_back(Request { advert, retry_at, others });
    }

    /// Requests missing records from other members.
    fn retry<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        while self.requests.front().is_some_and(|request| request.retry_at <= cx.now) {
            let Some(Request { advert, mut others, .. }) = self.requests.pop_front() else {
                return;
            };
            if !lacks(cx.table, advert) {
                continue;
            }
            // Without others, this node requests the record from the next member that advertises it.
            if let Some(from) = others.pop() {
                cx.push(Action::Want { from, short: advert.short });
                self.note_request(cx, advert, others);
            }
        }
    }
}

/// Returns whether this node lacks an advertised record, or its version, and has room for it.
fn lacks<A: Address>(table: &Table<A>, advert: Advert) -> bool {
    match table.advert_of(advert.short) {
        Some(known) => known != advert,
        None => !table.is_full(),
    }
}

/// Returns the age from which on a rumour is not pushed: floor(log4 n) + 1.
fn push_ages(peers: usize) -> u8 {
    ((peers + 1).ilog2() / 2 + 1) as u8
}

#[cfg(test)]
mod tests;
