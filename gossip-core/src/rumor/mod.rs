//! Which records are hot, and how they are still to be spread.
//!
//! A rumour is a key; its bytes are read from the table when a packet leaves. It carries its age,
//! and what a node does depends on nothing else. A rumour of age a < T is pushed, payload and
//! all, to three random members at each of the ages a, a + 1, ..., T - 1: those who know grow
//! fourfold with each, so that at T = floor(log4 n) + 1 almost everybody does, and pushing on
//! would only make copies. The ages need not wait for each other: a node pushes all that it has
//! to push at once, and the whole tree of pushes is over after T hops. From then on only the name
//! of the record is advertised, round by round, and who lacks it asks: the push-pull of Karp et
//! al. (FOCS 2000), with an age in place of their counters, and without their clock.

use alloc::vec::Vec;
use core::time::Duration;

use smallvec::SmallVec;

use crate::action::{Action, Context};
use crate::id::{ShortId, ShortIds};
use crate::member::{Slot, Table};
use crate::rng::Rng;
use crate::wire::{Advert, Writer};
use crate::{Address, Instant, NodeId};

/// The most rumours at a time: about what two datagrams hold. Beyond it reconciliation is cheaper.
const MAX_HOT: usize = 48;

/// For how many rounds an old rumour is advertised; in the first of them, when one in five has not
/// heard of it, to twice as many members.
const ADVERTISED: u8 = 4;
const EARLY: u8 = 2;

/// The most questions that are open.
const MAX_ASKED: usize = 64;

/// One hot record.
#[derive(Debug)]
struct Rumor {
    id: NodeId,
    /// At which age it came, and once it is old, its age now.
    age: u8,
    /// Who told us: knows it already.
    from: Option<NodeId>,
    state: State,
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
    /// Advertised records that we asked for, and when.
    asked: Vec<(ShortId, Instant)>,
}

impl Rumors {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "rumor"),
            hot: Vec::new(),
            flush: None,
            tick: None,
            asked: Vec::new(),
        }
    }

    /// Whether nothing is being spread.
    pub(crate) fn is_quiet(&self) -> bool {
        self.hot.is_empty()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        [self.flush, self.tick].into_iter().flatten().min()
    }

    /// A record is news here: spread it. Its age is 0 if the news are our own.
    pub(crate) fn heat<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        age: u8,
        from: Option<NodeId>,
    ) {
        let mut news = Rumor { id, age, from, state: State::Old };
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
            cx.stats.rumors_dropped += 1;
        }
        if news.age < young(cx.table.live().len()) {
            news.state = State::Fresh;
            let moment = cx.config.coalesce.max(Duration::from_micros(1));
            self.flush.get_or_insert(cx.now + moment);
        }
        self.hot.push(news);
        self.tick.get_or_insert(cx.now + cx.config.gossip_interval);
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
        let count = usize::from(cx.config.fanout);
        for later in 0..young.saturating_sub(youngest) {
            let fits = |slot: &Slot<A>| Some(slot.member.id) != source;
            for to in cx.table.draw(&mut self.rng, count, fits) {
                cx.actions.push_back(Action::Push { to, later });
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
        self.hot.retain(|rumor| rumor.state == State::Fresh || rumor.age < young + ADVERTISED);
        if self.hot.is_empty() {
            return;
        }
        self.tick = Some(cx.now + cx.config.gossip_interval);
        let old = || self.hot.iter().filter(|rumor| rumor.state == State::Old);
        if let Some(youngest) = old().map(|rumor| rumor.age).min() {
            let times = if youngest < young + EARLY { 2 } else { 1 };
            let count = times * usize::from(cx.config.fanout);
            for to in cx.table.draw(&mut self.rng, count, |_| true) {
                cx.actions.push_back(Action::Advertise { to });
            }
        }
        let old = self.hot.iter_mut().filter(|rumor| rumor.state == State::Old);
        old.for_each(|rumor| rumor.age += 1);
    }

    /// The age at which a hot record is passed on to who asks for it.
    pub(crate) fn age(&self, peers: usize, id: &NodeId) -> Option<u8> {
        let rumor = self.hot.iter().find(|rumor| rumor.id == *id)?;
        Some(rumor.age.max(young(peers)))
    }

    /// The first digits of the short ids of what is hot, a bit for each: what differs there is on
    /// its way anyway.
    pub(crate) fn hot_digits<A: Address>(&self, table: &Table<A>) -> u16 {
        let shorts = self.hot.iter().filter_map(|rumor| table.get(&rumor.id));
        shorts.fold(0, |digits, slot| digits | 1 << (slot.short.0 >> 28))
    }

    /// Fills a datagram for `to` with what is being pushed, `later` ages after it came, from
    /// place `first` on; where the next datagram is to go on, if there must be one.
    pub(crate) fn fill<A: Address>(
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
            let Some(slot) = cx.table.get(&rumor.id) else { continue };
            if writer.put_record(slot, age, cx.now) {
                continue;
            }
            if !writer.is_empty() {
                return Some(place);
            }
            // Even alone it does not fit.
            cx.stats.records_oversize += 1;
        }
        None
    }

    /// Appends the names of the old rumours.
    pub(crate) fn put_names<A: Address>(&self, cx: &Context<'_, A>, writer: &mut Writer<'_>) {
        let old = self.hot.iter().filter(|rumor| rumor.state == State::Old);
        let names: SmallVec<[u8; MAX_HOT * Advert::SIZE]> = old
            .filter_map(|rumor| cx.table.get(&rumor.id))
            .flat_map(|slot| cx.table.advert(slot).to_bytes())
            .collect();
        writer.put_adverts(&names);
    }

    /// Which of the advertised records to ask for.
    pub(crate) fn on_advert<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        adverts: impl Iterator<Item = Advert>,
    ) -> ShortIds {
        let mut wanted = SmallVec::new();
        // Whoever advertises it next is asked again: the last one may have failed.
        self.asked.retain(|(_, at)| *at + cx.config.gossip_interval > cx.now);
        for theirs in adverts {
            let ours = cx.table.by_short(theirs.short);
            let lacking = match ours {
                Some(slot) => cx.table.advert(slot) != theirs,
                None => !cx.table.is_full(),
            };
            if !lacking || self.asked.iter().any(|(short, _)| *short == theirs.short) {
                continue;
            }
            if self.asked.len() >= MAX_ASKED {
                cx.stats.wants_dropped += 1;
                continue;
            }
            self.asked.push((theirs.short, cx.now));
            wanted.push(theirs.short);
        }
        wanted
    }
}

/// Up to which age a rumour is pushed: floor(log4 n) + 1.
fn young(peers: usize) -> u8 {
    ((peers + 1).ilog2() / 2 + 1) as u8
}

#[cfg(test)]
mod tests;
