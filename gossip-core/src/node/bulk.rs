//! The pace of repair by datagram: bulk leaves at no more than so many bytes a second.

use alloc::collections::VecDeque;
use core::time::Duration;

use super::encode::Body;
use super::output::Outgoing;
use crate::{Config, Instant, queue};

/// How much of the pace may be made up for at once, after a pause: when thousands join at once, the
/// one that they join through has so much to tell.
const BURST: Duration = Duration::from_millis(250);

/// How long the pace is waited for: short enough for an even flow, long enough for a timer.
const TICK: Duration = Duration::from_millis(5);

/// How many records may wait for their time, all datagrams together; what is more is asked for
/// again, by who still lacks it.
const MOST_WAITING: usize = 4_096;

/// Bulk that waits, and when it may leave.
#[derive(Debug)]
pub(super) struct Bulk<A> {
    /// Bytes per second.
    rate: u32,
    /// How many datagrams, or beginnings of several, may wait.
    most: usize,
    /// When all that was sent would have been, at an even pace.
    paid_at: Instant,
    waiting: VecDeque<Outgoing<A>>,
    /// What the waiting comes to.
    weight: usize,
    /// Whether the time has come that was waited for: who takes what leaves has been told.
    due: bool,
}

impl<A> Bulk<A> {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            rate: config.repair.bytes_per_second,
            most: config.queues.max_transmits,
            paid_at: Instant::ORIGIN,
            waiting: VecDeque::new(),
            weight: 0,
            due: false,
        }
    }

    /// Whether bulk that has just come up may leave: it does not overtake what waits.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.waiting.is_empty() && self.has_budget(now)
    }

    fn has_budget(&self, now: Instant) -> bool {
        self.paid_at < now + BURST
    }

    /// So many bytes leave.
    pub(super) fn spend(&mut self, now: Instant, bytes: usize) {
        let micros = (bytes as u64 * 1_000_000).div_ceil(self.rate.into());
        self.paid_at = self.paid_at.max(now) + Duration::from_micros(micros);
    }

    /// Lets something wait for its turn; how much of it found no room.
    pub(super) fn wait(&mut self, mut out: Outgoing<A>) -> usize {
        let room = if self.waiting.len() < self.most { MOST_WAITING - self.weight } else { 0 };
        let excess = weight(&out.body).saturating_sub(room);
        match &mut out.body {
            // The last are sent first, and who asks again for the first may do so meanwhile.
            Body::Records(items) if items.len() > excess => drop(items.drain(..excess)),
            Body::Descend(prefixes) if prefixes.len() > excess => {
                drop(prefixes.drain(..excess));
            }
            _ if excess > 0 => return excess,
            _ => {}
        }
        self.weight += weight(&out.body);
        self.waiting.push_back(out);
        excess
    }

    /// The next that may leave.
    pub(super) fn next(&mut self, now: Instant) -> Option<Outgoing<A>> {
        self.due = false;
        if self.waiting.is_empty() || !self.has_budget(now) {
            return None;
        }
        let out = queue::pop(&mut self.waiting)?;
        self.weight -= weight(&out.body);
        Some(out)
    }

    /// When more may leave, if something waits for that.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let waits = !self.waiting.is_empty() && !self.due;
        waits.then(|| (self.paid_at + TICK).saturating_sub(BURST))
    }

    /// The time may have come.
    pub(super) fn on_timeout(&mut self, now: Instant) {
        self.due |= self.next_timeout().is_some_and(|at| at <= now);
    }

    /// Whether a synchronisation of ours is among what waits.
    pub(super) fn is_syncing(&self) -> bool {
        self.waiting.iter().any(|out| matches!(out.body, Body::Sync { .. }))
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.weight = 0;
    }
}

/// How much of the room something takes: its memory, and about the time that it takes to leave.
fn weight(body: &Body) -> usize {
    match body {
        Body::Records(items) => items.len(),
        Body::Descend(prefixes) => prefixes.len(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use smallvec::smallvec;

    use super::*;
    use crate::id::ShortId;
    use crate::member::Prefix;

    fn at(millis: u64) -> Instant {
        Instant::from_micros(1_000 * millis)
    }

    fn config() -> Config {
        Config::lan().with(|config| {
            config.repair.bytes_per_second = 1_000_000;
            config.queues.max_transmits = 16;
        })
    }

    fn records(first: u32, count: u32) -> Outgoing<u32> {
        Outgoing::new(0, Body::Records((first..first + count).map(ShortId).collect()))
    }

    #[test]
    fn after_a_pause_a_burst_leaves_then_an_even_flow() {
        let mut bulk = Bulk::<u32>::new(&config());
        let mut sent = |from: u64, to: u64| {
            let mut sent = 0;
            for now in from..to {
                while bulk.is_free(at(now)) {
                    bulk.spend(at(now), 1_000);
                    sent += 1_000;
                }
            }
            sent
        };
        assert_eq!(sent(1_000, 1_001), 250_000);
        assert_eq!(sent(1_001, 2_001), 1_000_000);
        assert_eq!(sent(9_000, 9_001), 250_000, "a long pause is worth no more than a short one");
    }

    #[test]
    fn what_waits_is_bounded_and_leaves_in_turn() {
        let mut bulk = Bulk::new(&config());
        assert_eq!(bulk.next_timeout(), None);
        bulk.spend(at(0), 250_000);
        assert!(!bulk.is_free(at(0)));
        assert_eq!(bulk.wait(records(0, 4_000)), 0);
        assert_eq!(bulk.wait(records(0, 200)), 104, "the first find no room");
        assert_eq!(bulk.wait(Outgoing::new(0, Body::Sync { first: ShortId(0) })), 1);
        assert_eq!(bulk.wait(records(0, 1)), 1);
        assert_eq!(bulk.next_timeout(), Some(at(5)));
        assert!(bulk.next(at(0)).is_none());
        bulk.on_timeout(at(5));
        assert_eq!(bulk.next_timeout(), None, "the driver has been called for it");
        let sizes: [usize; 2] = [(); 2].map(|()| weight(&bulk.next(at(5)).unwrap().body));
        assert_eq!(sizes, [4_000, 96]);
        assert_eq!((bulk.next_timeout(), bulk.weight), (None, 0));
        // Of a descent, too, the part that finds room waits.
        assert_eq!(bulk.wait(records(0, 4_090)), 0);
        let descent = Body::Descend(Prefix::ROOT.children(u16::MAX));
        assert_eq!(bulk.wait(Outgoing::new(0, descent)), 10);
        assert_eq!(bulk.weight, MOST_WAITING);
        bulk.clear();
        assert_eq!(bulk.wait(records(7, 1)), 0);
        let Body::Records(items) = bulk.next(at(5)).unwrap().body else { panic!("it is records") };
        assert_eq!(items, smallvec![ShortId(7)] as smallvec::SmallVec<[_; 16]>);
        let refused: Vec<_> = (0..20).map(|index| bulk.wait(records(index, 1))).collect();
        assert_eq!(refused, [[0; 16].as_slice(), &[1; 4]].concat());
    }
}
