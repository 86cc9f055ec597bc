//! Which records are hot, and how they are still to be spread.
//!
//! A rumour is a key; its bytes are read from the table when a packet leaves. It carries its age,
//! and what a node does depends on nothing else. A rumour of age a < T is pushed, payload and
//! all, to three random members at each of the ages a, a + 1, ..., T - 1: those who know grow
//! fourfold with each, so that at T = floor(log4 n) + 1 almost everybody does, and pushing on
//! would only make copies. The ages need not wait for each other: a node pushes all that it has
//! to push at once, and the whole tree of pushes is over after T hops. From then on only the name
//! of the record is advertised, round by round, and who lacks it asks: the push-pull of Karp et
//! al. (FOCS 2000). Whoever is asked for a record knows that it is still lacked and advertises it
//! anew; so the rumour goes on as long as it must, however much is lost on the way.

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

/// The most rumours at a time: about what two datagrams hold. Beyond it reconciliation is cheaper.
const MAX_HOT: usize = 48;

/// For how many rounds in which nobody asks for it an old rumour is advertised; in the first of
/// them, when one in five has not heard of it, to twice as many members.
const ADVERTISED: u8 = 3;
const EARLY: u8 = 2;

/// For how many rounds it is advertised at most, whoever asks.
const LONGEST: u8 = 16;

/// The most questions that are open, and for each how many others could be asked.
const MAX_ASKED: usize = 64;
const OTHERS: usize = 3;

/// One hot record.
#[derive(Debug)]
struct Rumor {
    id: NodeId,
    /// Where it is in the table.
    slot: u32,
    /// At which age it came, and once it is old, its age now.
    age: u8,
    /// Who told us: knows it already.
    from: Option<NodeId>,
    state: State,
    /// For how many rounds it was advertised and nobody asked for it.
    unasked: u8,
}

impl Rumor {
    /// The record, unless it is forgotten.
    fn get<'t, A: Address>(&self, table: &'t Table<A>) -> Option<&'t Slot<A>> {
        table.in_slot(self.slot).filter(|slot| slot.member.id == self.id)
    }
}

/// An advertised record that we asked for.
#[derive(Debug)]
struct Question {
    advert: Advert,
    /// When another is asked.
    again: Instant,
    /// Who advertised it as well, and has not been asked.
    others: SmallVec<[NodeId; OTHERS]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be pushed.
    Fresh,
    /// Being pushed by the datagrams that leave now.
    Pushed,
    /// Only advertised.
    Old,
}

/// The rumour mill of one node.
#[derive(Debug)]
pub(crate) struct Rumors {
    rng: Rng,
    hot: Vec<Rumor>,
    /// When fresh ones are forwarded.
    flush: Option<Instant>,
    /// When the next round is.
    tick: Option<Instant>,
    /// What we asked for, the earliest first.
    asked: VecDeque<Question>,
}

impl Rumors {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "rumor"),
            hot: Vec::new(),
            flush: None,
            tick: None,
            asked: VecDeque::new(),
        }
    }

    /// Whether nothing is being spread.
    pub(crate) fn is_idle(&self) -> bool {
        self.hot.is_empty()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let again = self.asked.front().map(|question| question.again);
        time::earliest([self.flush, self.tick, again])
    }

    /// A record is news here: spread it. Its age is 0 if the news are our own.
    pub(crate) fn spread<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        age: u8,
        from: Option<NodeId>,
    ) {
        let Some(slot) = cx.table.find(&id) else { return };
        let mut news = Rumor { id, slot, age, from, state: State::Old, unasked: 0 };
        if let Some(place) = self.hot.iter().position(|rumor| rumor.id == id) {
            let known = self.hot.remove(place);
            if known.state == State::Fresh {
                // What was to be pushed still is, and to all.
                news.age = age.min(known.age);
                news.from = from.filter(|_| known.from == from);
            }
        } else if self.hot.len() >= MAX_HOT {
            let oldest = (0..self.hot.len()).max_by_key(|&place| self.hot[place].age);
            self.hot.remove(oldest.unwrap_or(0));
            cx.stats.rumors.dropped += 1;
        }
        if news.age < young(cx.table.live().len()) {
            news.state = State::Fresh;
            let moment = cx.config.rumors.coalesce_delay.max(Duration::from_micros(1));
            self.flush.get_or_insert(cx.now + moment);
        }
        self.hot.push(news);
        self.tick.get_or_insert(cx.now + cx.config.rumors.interval);
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        if self.flush.is_some_and(|at| at <= cx.now) {
            self.flush = None;
            self.push(cx);
        }
        if self.tick.is_some_and(|at| at <= cx.now) {
            self.tick = None;
            self.advertise(cx);
        }
        self.ask_again(cx);
    }

    /// Pushes what is fresh: at each age that it has still to be pushed at to a few members.
    fn push<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        let young = young(cx.table.live().len());
        self.retire(young);
        let fresh = || self.hot.iter().filter(|rumor| rumor.state == State::Fresh);
        let Some(youngest) = fresh().map(|rumor| rumor.age).min() else { return };
        // Where everything comes from one member, that one needs nothing of it back.
        let mut sources = fresh().map(|rumor| rumor.from);
        let first = sources.next().flatten();
        let source = first.filter(|_| sources.all(|other| other == first));
        for rumor in &mut self.hot {
            if rumor.state == State::Fresh {
                rumor.state = State::Pushed;
            }
        }
        let count = usize::from(cx.config.rumors.fanout);
        for later in 0..young.saturating_sub(youngest) {
            let fits = |slot: &Slot<A>| Some(slot.member.id) != source;
            for to in cx.table.sample(&mut self.rng, count, fits) {
                cx.push(Action::Push { to, hops: later });
            }
        }
    }

    /// What was pushed is old now.
    fn retire(&mut self, young: u8) {
        for rumor in self.hot.iter_mut().filter(|rumor| rumor.state == State::Pushed) {
            rumor.state = State::Old;
            rumor.age = rumor.age.max(young);
        }
    }

    /// Advertises what is old to a few members, and forgets what is too old.
    fn advertise<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        let young = young(cx.table.live().len());
        self.retire(young);
        self.hot.retain(|rumor| {
            let goes_on = rumor.unasked < ADVERTISED && rumor.age < young + LONGEST;
            rumor.state == State::Fresh || goes_on
        });
        if self.hot.is_empty() {
            return;
        }
        self.tick = Some(cx.now + cx.config.rumors.interval);
        let old = || self.hot.iter().filter(|rumor| rumor.state == State::Old);
        if let Some(least) = old().map(|rumor| rumor.unasked).min() {
            let times = if least < EARLY { 2 } else { 1 };
            let count = times * usize::from(cx.config.rumors.fanout);
            for to in cx.table.sample(&mut self.rng, count, |_| true) {
                cx.push(Action::Advertise { to });
            }
        }
        for rumor in self.hot.iter_mut().filter(|rumor| rumor.state == State::Old) {
            rumor.age += 1;
            rumor.unasked += 1;
        }
    }

    /// The age at which a hot record is passed on to who lacks it, who is then as old as we are;
    /// there may be more of those.
    pub(crate) fn age_for_reply(&mut self, peers: usize, id: &NodeId) -> Option<u8> {
        let rumor = self.hot.iter_mut().find(|rumor| rumor.id == *id)?;
        rumor.unasked = 0;
        Some(rumor.age.saturating_sub(1).max(young(peers)))
    }

    /// The first digits of the short ids of what is hot, a bit for each: what differs there is on
    /// its way anyway.
    pub(crate) fn hot_digits<A: Address>(&self, table: &Table<A>) -> u16 {
        let shorts = self.hot.iter().filter_map(|rumor| rumor.get(table));
        shorts.fold(0, |digits, slot| digits | 1 << (slot.short.0 >> 28))
    }

    /// Fills a datagram for `to` with what is being pushed, `later` ages after it came, from
    /// place `first` on; where the next datagram is to go on, if there must be one.
    pub(crate) fn write_pushes<A: Address>(
        &self,
        cx: &mut Context<'_, A>,
        to: NodeId,
        later: u8,
        first: u8,
        writer: &mut Writer<'_>,
    ) -> Option<u8> {
        let young = young(cx.table.live().len());
        for (place, rumor) in (0..).zip(&self.hot).skip(first.into()) {
            let age = rumor.age.saturating_add(later);
            let wanted = rumor.from != Some(to) && rumor.id != to;
            if rumor.state != State::Pushed || age >= young || !wanted {
                continue;
            }
            let Some(slot) = rumor.get(cx.table) else { continue };
            if write_record(writer, slot, age, cx.now) {
                continue;
            }
            if !writer.is_empty() {
                return Some(place);
            }
            // Even alone it does not fit.
            cx.stats.members.records_oversize += 1;
        }
        None
    }

    /// Appends the names of the old rumours.
    pub(crate) fn write_adverts<A: Address>(&self, cx: &Context<'_, A>, writer: &mut Writer<'_>) {
        let old = self.hot.iter().filter(|rumor| rumor.state == State::Old);
        // Whoever has taken the place of a forgotten one is named as truly.
        let adverts = old.filter_map(|rumor| cx.table.advert(rumor.slot));
        let names: SmallVec<[_; MAX_HOT]> = adverts.map(Advert::to_bytes).collect();
        write_names(writer, names.as_flattened());
    }

    /// Which of the advertised records to ask for at once. If we have already asked somebody else
    /// for all that we lack, `from` is asked for one of them if no answer comes.
    pub(crate) fn on_advert<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        from: Option<NodeId>,
        adverts: impl Iterator<Item = Advert>,
    ) -> ShortIds {
        let mut wanted = SmallVec::new();
        let mut open = SmallVec::<[usize; MAX_ASKED]>::new();
        for advert in adverts.filter(|advert| lacks(cx.table, *advert)) {
            let known = |question: &Question| question.advert.short == advert.short;
            if let Some(place) = self.asked.iter().position(known) {
                open.push(place);
            } else if self.asked.len() < MAX_ASKED {
                wanted.push(advert.short);
                self.ask(cx, Question { advert, again: cx.now, others: SmallVec::new() });
            } else {
                cx.stats.rumors.wants_dropped += 1;
            }
        }
        if let Some(from) = from.filter(|_| wanted.is_empty()) {
            let others = |place: &usize| self.asked[*place].others.len();
            if let Some(place) = open.into_iter().min_by_key(others)
                && self.asked[place].others.len() < OTHERS
                && !self.asked[place].others.contains(&from)
            {
                self.asked[place].others.push(from);
            }
        }
        wanted
    }

    /// Notes that somebody is asked. An answer comes within some milliseconds or is lost.
    fn ask<A>(&mut self, cx: &Context<'_, A>, question: Question) {
        let again = cx.now + cx.config.rumors.interval / 4;
        self.asked.push_back(Question { again, ..question });
    }

    /// Asks others for what has not come.
    fn ask_again<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        while self.asked.front().is_some_and(|question| question.again <= cx.now) {
            let Some(mut question) = self.asked.pop_front() else { return };
            if !lacks(cx.table, question.advert) {
                continue;
            }
            // With no others whoever advertises it next is asked.
            if let Some(of) = question.others.pop() {
                let short = question.advert.short;
                cx.push(Action::Want { from: of, short });
                self.ask(cx, question);
            }
        }
    }
}

/// Whether we have no record, or another one, of an advertised member, and could take it.
fn lacks<A: Address>(table: &Table<A>, advert: Advert) -> bool {
    match table.advert_of(advert.short) {
        Some(known) => known != advert,
        None => !table.is_full(),
    }
}

/// Up to which age a rumour is pushed: floor(log4 n) + 1.
fn young(peers: usize) -> u8 {
    ((peers + 1).ilog2() / 2 + 1) as u8
}

#[cfg(test)]
mod tests;
