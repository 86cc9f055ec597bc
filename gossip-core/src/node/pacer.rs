//! The pacer: repair by datagrams leaves at a bounded rate.

use alloc::collections::VecDeque;
use core::time::Duration;

use super::outbox::Outgoing;
use crate::{Config, Instant, queue};

/// Time for which a pause may be made up at once. When thousands of nodes join at once, the node
/// through which they join has that much to send.
const BURST: Duration = Duration::from_millis(250);

/// Time between two sends of waiting bulk: short enough for an even flow, long enough for a timer.
const TICK: Duration = Duration::from_millis(5);

/// Number of records that may wait, all datagrams together. Nodes that still lack the others
/// request them again.
const MAX_WEIGHT: usize = 4_096;

/// Bulk that waits, and the time at which it may leave.
#[derive(Debug)]
pub(super) struct Pacer<A> {
    /// Bytes per second.
    rate: u32,
    /// Number of datagrams, or beginnings of several, that may wait.
    max_waiting: usize,
    /// When all bytes sent so far would have left at an even pace.
    paid_at: Instant,
    waiting: VecDeque<Outgoing<A>>,
    /// The weight of all that waits.
    weight: usize,
    /// Set when the pacing deadline has passed; cleared when the driver takes the next datagram.
    deadline_reported: bool,
}

impl<A> Pacer<A> {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            rate: config.repair.bytes_per_second,
            max_waiting: config.queues.max_transmits,
            paid_at: Instant::ORIGIN,
            waiting: VecDeque::new(),
            weight: 0,
            deadline_reported: false,
        }
    }

    /// Returns whether new bulk may leave at once. It does not overtake waiting bulk.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.waiting.is_empty() && self.has_budget(now)
    }

    fn has_budget(&self, now: Instant) -> bool {
        self.paid_at < now + BURST
    }

    /// Notes that `bytes` of bulk leave.
    pub(super) fn spend(&mut self, now: Instant, bytes: usize) {
        let micros = (bytes as u64 * 1_000_000).div_ceil(self.rate.into());
        self.paid_at = self.paid_at.max(now) + Duration::from_micros(micros);
    }

    /// Queues bulk. Returns the weight of what found no room.
    pub(super) fn wait(&mut self, mut out: Outgoing<A>) -> usize {
        let has_room = self.waiting.len() < self.max_waiting;
        let room = if has_room { MAX_WEIGHT - self.weight } else { 0 };
        let excess = out.draft.weight().saturating_sub(room);
        // The last items are sent first, and the receiver may request the first ones meanwhile.
        if excess > 0 && !out.draft.drop_first(excess) {
            return excess;
        }
        self.weight += out.draft.weight();
        self.waiting.push_back(out);
        excess
    }

    /// Takes the next bulk that may leave.
    pub(super) fn next(&mut self, now: Instant) -> Option<Outgoing<A>> {
        self.deadline_reported = false;
        if self.waiting.is_empty() || !self.has_budget(now) {
            return None;
        }
        let out = queue::pop(&mut self.waiting)?;
        self.weight -= out.draft.weight();
        Some(out)
    }

    /// Returns when more may leave, if bulk waits for that.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let waits = !self.waiting.is_empty() && !self.deadline_reported;
        waits.then(|| (self.paid_at + TICK).saturating_sub(BURST))
    }

    pub(super) fn on_timeout(&mut self, now: Instant) {
        self.deadline_reported |= self.next_timeout().is_some_and(|at| at <= now);
    }

    /// Returns whether a comparison of all versions is waiting.
    pub(super) fn is_syncing(&self) -> bool {
        self.waiting.iter().any(|out| out.draft.is_sync())
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.weight = 0;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use smallvec::smallvec;

    use super::super::outbox::Draft;
    use super::*;
    use crate::id::ShortId;
    use crate::member::Prefix;
    use crate::repair::draft::Draft as RepairDraft;
    use crate::rumor::draft::Draft as RumorDraft;

    fn at(millis: u64) -> Instant {
        Instant::from_micros(1_000 * millis)
    }

    fn config() -> Config {
        Config::lan().with(|config| {
            config.repair.bytes_per_second = 1_000_000;
            config.queues.max_transmits = 16;
        })
    }

    fn outgoing(draft: Draft) -> Outgoing<u32> {
        Outgoing { to: 0, member: None, max_len: usize::MAX, draft }
    }

    fn records(first: u32, count: u32) -> Outgoing<u32> {
        outgoing(Draft::Rumor(RumorDraft::Records((first..first + count).map(ShortId).collect())))
    }

    #[test]
    fn pacer_allows_burst_then_even_flow() {
        let mut pacer = Pacer::<u32>::new(&config());
        let mut sent = |from: u64, to: u64| {
            let mut sent = 0;
            for now in from..to {
                while pacer.is_free(at(now)) {
                    pacer.spend(at(now), 1_000);
                    sent += 1_000;
                }
            }
            sent
        };
        assert_eq!(sent(1_000, 1_001), 250_000);
        assert_eq!(sent(1_001, 2_001), 1_000_000);
        assert_eq!(sent(9_000, 9_001), 250_000, "a long pause counts like a short one");
    }

    #[test]
    fn pacer_bounds_queue_and_keeps_order() {
        let mut pacer = Pacer::new(&config());
        assert_eq!(pacer.next_timeout(), None);
        pacer.spend(at(0), 250_000);
        assert!(!pacer.is_free(at(0)));
        assert_eq!(pacer.wait(records(0, 4_000)), 0);
        assert_eq!(pacer.wait(records(0, 200)), 104, "the first items find no room");
        assert_eq!(pacer.wait(outgoing(Draft::Repair(RepairDraft::Sync { first: ShortId(0) }))), 1);
        assert_eq!(pacer.wait(records(0, 1)), 1);
        assert_eq!(pacer.next_timeout(), Some(at(5)));
        assert!(pacer.next(at(0)).is_none());
        pacer.on_timeout(at(5));
        assert_eq!(pacer.next_timeout(), None, "the driver has been called for it");
        let sizes: [usize; 2] = [(); 2].map(|()| pacer.next(at(5)).unwrap().draft.weight());
        assert_eq!(sizes, [4_000, 96]);
        assert_eq!((pacer.next_timeout(), pacer.weight), (None, 0));
        // The part of a descent that finds room waits as well.
        assert_eq!(pacer.wait(records(0, 4_090)), 0);
        let descent = Draft::Repair(RepairDraft::Descend(Prefix::ROOT.children(u16::MAX)));
        assert_eq!(pacer.wait(outgoing(descent)), 10);
        assert_eq!(pacer.weight, MAX_WEIGHT);
        pacer.clear();
        assert_eq!(pacer.wait(records(7, 1)), 0);
        let draft = pacer.next(at(5)).unwrap().draft;
        let Draft::Rumor(RumorDraft::Records(items)) = draft else { panic!("{draft:?}") };
        assert_eq!(items, smallvec![ShortId(7)] as smallvec::SmallVec<[_; 16]>);
        let refused: Vec<_> = (0..20).map(|index| pacer.wait(records(index, 1))).collect();
        assert_eq!(refused, [[0; 16].as_slice(), &[1; 4]].concat());
    }
}
