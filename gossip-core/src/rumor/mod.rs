//! Which records are hot, and how they are still to be spread.
//!
//! A rumour is a key; its bytes are read from the table when a packet leaves. It carries its age
//! in rounds. While it is young it is pushed, payload and all, to a few random members each
//! round, and at once when it is new here; when it is old, only its name is advertised, and who
//! lacks it asks. The population of those who know grows fourfold with each round of three
//! pushes, so at the age of log4(n) almost everybody knows, and pushing on would only make
//! copies: the push-pull of Karp et al. (FOCS 2000), with the age in place of their counters.

use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::action::{Action, Context};
use crate::id::ShortId;
use crate::rng::Rng;
use crate::wire::{Advert, Writer};
use crate::{Address, Instant, NodeId};

/// The most rumours at a time: about what two datagrams hold. Beyond it reconciliation is cheaper.
const MAX_HOT: usize = 48;

/// For how many rounds an old rumour is advertised.
const ADVERTISED: u8 = 4;

/// The most questions that are open.
const MAX_ASKED: usize = 64;

/// One hot record.
#[derive(Debug)]
struct Rumor {
    id: NodeId,
    /// Its age in rounds, hops included.
    round: u8,
    /// Who told us: knows it already.
    from: Option<NodeId>,
    /// Not forwarded since it came.
    fresh: bool,
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

    /// A record is news here: spread it. `round` is its age, 0 if the news are our own.
    pub(crate) fn heat<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        id: NodeId,
        round: u8,
        from: Option<NodeId>,
    ) {
        let fresh = round < young(cx.table.live().len());
        if let Some(place) = self.hot.iter().position(|rumor| rumor.id == id) {
            self.hot.remove(place);
        } else if self.hot.len() >= MAX_HOT {
            let oldest = (0..self.hot.len()).max_by_key(|&place| self.hot[place].round);
            self.hot.remove(oldest.unwrap_or(0));
            cx.stats.rumors_dropped += 1;
        }
        self.hot.push(Rumor { id, round, from, fresh });
        if fresh {
            self.flush.get_or_insert(cx.now + cx.config.coalesce);
        }
        self.tick.get_or_insert(cx.now + cx.config.gossip_interval);
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        if self.flush.is_some_and(|at| at <= cx.now) {
            self.flush = None;
            if self.hot.iter().any(|rumor| rumor.fresh) {
                self.push(cx);
            }
        }
        if self.tick.is_some_and(|at| at <= cx.now) {
            self.tick = None;
            let end = young(cx.table.live().len()) + ADVERTISED;
            for rumor in &mut self.hot {
                rumor.round = rumor.round.saturating_add(1);
                rumor.fresh = false;
            }
            self.hot.retain(|rumor| rumor.round < end);
            if !self.hot.is_empty() {
                self.push(cx);
                self.tick = Some(cx.now + cx.config.gossip_interval);
            }
        }
    }

    /// Sends what is hot to a few random members.
    fn push<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        // Where everything fresh comes from one member, that one needs nothing of it back.
        let mut sources = self.hot.iter().filter(|rumor| rumor.fresh).map(|rumor| rumor.from);
        let first = sources.next().flatten();
        let source = first.filter(|_| sources.all(|other| other == first));
        let count = usize::from(cx.config.fanout);
        let targets = cx.table.draw(&mut self.rng, count, |slot| Some(slot.member.id) != source);
        for to in targets {
            cx.actions.push_back(Action::Gossip { to });
        }
        for rumor in &mut self.hot {
            rumor.fresh = false;
        }
    }

    /// The age of a hot record.
    pub(crate) fn round(&self, id: &NodeId) -> Option<u8> {
        self.hot.iter().find(|rumor| rumor.id == *id).map(|rumor| rumor.round)
    }

    /// Fills a datagram for `to` with what is hot: the payload of the young, the names of the old.
    pub(crate) fn fill<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        to: NodeId,
        writer: &mut Writer<'_>,
    ) {
        let young = young(cx.table.live().len());
        let mut unfit = None;
        for (place, rumor) in self.hot.iter().enumerate() {
            if rumor.round >= young || rumor.from == Some(to) || rumor.id == to {
                continue;
            }
            let Some(slot) = cx.table.get(&rumor.id) else { continue };
            if !writer.put_record(slot, rumor.round, cx.now) {
                unfit = Some(place);
                break;
            }
        }
        self.advertise(cx, writer);
        // What found no room is first in the next datagram.
        if let Some(place) = unfit {
            self.hot.rotate_left(place);
        }
    }

    /// Appends the names of the old rumours.
    pub(crate) fn advertise<A: Address>(&self, cx: &Context<'_, A>, writer: &mut Writer<'_>) {
        let young = young(cx.table.live().len());
        let old = self.hot.iter().filter(|rumor| rumor.round >= young);
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
    ) -> SmallVec<[ShortId; 16]> {
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

/// Up to which age a rumour is pushed: floor(log4 n) + 1 rounds.
fn young(peers: usize) -> u8 {
    ((peers + 1).ilog2() / 2 + 1) as u8
}

#[cfg(test)]
mod tests;
