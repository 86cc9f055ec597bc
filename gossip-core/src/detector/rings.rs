//! Eight fixed watchers for each member, with appointments.
//!
//! The members stand in eight rings, each in another order, and a node watches its successor in
//! each. The watched one keeps a calendar with a slot for each ring, evenly spaced over eight probe
//! intervals, and tells a watcher with every ack how long it is until the next of its slots. No
//! clocks in common are needed, and between two pings of a member is one interval, not chance.

use core::time::Duration;

use super::action::Action;
use super::rtt::Rtt;
use super::schedule::Turn;
use crate::context::Context;
use crate::id::ShortId;
use crate::member::Slot;
use crate::rng::Rng;
use crate::{Address, Config, Instant, NodeId};

/// How many watchers a member has.
pub(crate) const RINGS: u8 = 8;

/// For how many rounds of the calendar a slot may stay silent before the watched one asks for a
/// watcher.
const SILENT_ROUNDS: u32 = 2;

const NEVER: Instant = Instant::from_micros(u64::MAX);

/// Both sides of the appointments of one node.
#[derive(Debug)]
pub(super) struct Rings {
    /// When we are to probe in each ring; where we watch nobody, never. Apart from the rest, for
    /// they are asked for all the time.
    dues: [Instant; RINGS as usize],
    watches: [Watch; RINGS as usize],
    /// When to look again if there is nobody to watch.
    idle: Instant,
    /// When the calendar begins; slot `r` is so many intervals later, and again each round.
    origin: Instant,
    /// When somebody came who watches us in this ring.
    visits: [Instant; RINGS as usize],
}

/// Whom we watch in one ring.
#[derive(Clone, Copy, Debug)]
struct Watch {
    target: Option<NodeId>,
    /// How far behind us it stands.
    distance: u64,
    rtt: Rtt,
    /// How many probes in a row only a request has rescued.
    rescues: u8,
}

impl Watch {
    const NOBODY: Self = Self { target: None, distance: u64::MAX, rtt: Rtt::UNKNOWN, rescues: 0 };
}

impl Rings {
    pub(super) fn new(now: Instant, config: &Config, rng: &mut Rng) -> Self {
        Self {
            dues: [NEVER; RINGS as usize],
            watches: [Watch::NOBODY; RINGS as usize],
            idle: now + config.detector.probe_interval,
            origin: now + rng.within(config.detector.probe_interval),
            visits: [now; RINGS as usize],
        }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        let next = self.dues.iter().fold(NEVER, |next, due| next.min(*due));
        if next == NEVER { self.idle } else { next }
    }

    /// The next probe that is due. Where nobody has come to us for long, it asks for a visit.
    pub(super) fn take<A: Address>(&mut self, cx: &mut Context<'_, A>) -> Option<Turn> {
        if self.idle <= cx.now {
            self.idle = cx.now + cx.config.detector.probe_interval;
        }
        let (ring, due) = (0..).zip(&mut self.dues).find(|(_, due)| **due <= cx.now)?;
        let round = cx.config.detector.probe_interval * u32::from(RINGS);
        *due = cx.now + round;
        let Watch { target, rtt, .. } = self.watches[usize::from(ring)];
        let target = target?;
        let silent = cx.now.saturating_duration_since(self.visits[usize::from(ring)]);
        if silent > round * SILENT_ROUNDS {
            self.visits[usize::from(ring)] = cx.now;
            let watcher = nearest(cx, |short| distance(ring, short, cx.table.own().short));
            if let Some((watcher, _)) = watcher {
                cx.stats.detector.watchers_called += 1;
                cx.push(Action::CallWatcher { watcher });
            }
        }
        Some(Turn { target, ring: Some(ring), rtt })
    }

    /// Watches a member who is well in every ring in which it is nearer than whom we watch now.
    pub(super) fn consider<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        rng: &mut Rng,
        slot: &Slot<A>,
    ) {
        let own = cx.table.own();
        if slot.short == own.short {
            return;
        }
        for (ring, watch) in (0..).zip(&mut self.watches) {
            let distance = distance(ring, own.short, slot.short);
            if watch.target.is_none() || distance < watch.distance {
                *watch = Watch::new(slot.member.id, distance);
                self.dues[usize::from(ring)] = soon(cx, rng);
            }
        }
    }

    /// Watches the next ones where we watched a member that is not well.
    pub(super) fn move_on<A: Address>(&mut self, cx: &Context<'_, A>, rng: &mut Rng, id: NodeId) {
        let own = cx.table.own().short;
        for (ring, watch) in (0..).zip(&mut self.watches) {
            if watch.target != Some(id) {
                continue;
            }
            (*watch, self.dues[usize::from(ring)]) = (Watch::NOBODY, NEVER);
            if let Some((next, far)) = nearest(cx, |short| distance(ring, own, short)) {
                *watch = Watch::new(next, far);
                self.dues[usize::from(ring)] = soon(cx, rng);
            }
        }
    }

    /// The turn of a member, in a ring if we watch it in one.
    pub(super) fn turn(&self, target: NodeId) -> Turn {
        let watch = (0..).zip(&self.watches).find(|(_, watch)| watch.target == Some(target));
        watch.map_or(Turn::by_chance(target), |(ring, watch)| Turn {
            target,
            ring: Some(ring),
            rtt: watch.rtt,
        })
    }

    /// A member that we watch has answered: `rtt` after the only ping that was sent, and its next
    /// slot is in `appointment`. Whether it now answers requests alone.
    pub(super) fn on_ack<A>(
        &mut self,
        cx: &Context<'_, A>,
        turn: Turn,
        rtt: Option<Duration>,
        appointment: Option<Duration>,
        by_request: bool,
    ) -> bool {
        let Some(ring) = turn.ring.map(usize::from) else { return false };
        let watch = &mut self.watches[ring];
        if watch.target != Some(turn.target) {
            return false;
        }
        if let Some(rtt) = rtt {
            watch.rtt.sample(rtt);
        }
        if let Some(wait) = appointment {
            // The ack was on its way for half of it, the next ping will be for the other half.
            let wait = wait.saturating_sub(rtt.unwrap_or_default());
            self.dues[ring] = cx.now + wait.max(cx.config.detector.probe_interval / 2);
        }
        watch.rescues = if by_request { watch.rescues.saturating_add(1) } else { 0 };
        watch.rescues == 2
    }

    /// A watcher has come: how long it is until its next slot.
    pub(super) fn appointment(&mut self, now: Instant, interval: Duration, ring: u8) -> Duration {
        self.visits[usize::from(ring)] = now;
        let round = (interval * u32::from(RINGS)).as_micros() as u64;
        let first = self.origin + interval * u32::from(ring);
        let since = (now.as_micros() + round - first.as_micros() % round) % round;
        let until = Duration::from_micros(round - since);
        // Who is a little early is there.
        if until < interval / 2 { until + interval * u32::from(RINGS) } else { until }
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        for at in self.dues.iter_mut().chain(&mut self.visits).chain([&mut self.idle]) {
            *at = *at + pause;
        }
    }
}

impl Watch {
    fn new(target: NodeId, distance: u64) -> Self {
        Self { target: Some(target), distance, ..Self::NOBODY }
    }
}

/// When the first probe of a new target is due: where many come at once, most are not the nearest
/// for long.
fn soon<A>(cx: &Context<'_, A>, rng: &mut Rng) -> Instant {
    cx.now + rng.within(cx.config.detector.probe_interval)
}

/// The nearest member who is well.
fn nearest<A: Address>(
    cx: &Context<'_, A>,
    distance: impl Fn(ShortId) -> u64,
) -> Option<(NodeId, u64)> {
    let own = cx.table.own().short;
    let well = cx.table.live().filter(|slot| slot.member.status().is_healthy());
    let others = well.filter(|slot| slot.short != own);
    let nearest = others.map(|slot| (distance(slot.short), slot.member.id)).min();
    nearest.map(|(distance, id)| (id, distance))
}

/// How far `to` stands behind `from` in a ring. Every node sees it the same way.
fn distance(ring: u8, from: ShortId, to: ShortId) -> u64 {
    place(ring, to).wrapping_sub(place(ring, from))
}

/// The finalizer of splitmix64: short ids are keyed hashes already, the rings need other orders.
fn place(ring: u8, short: ShortId) -> u64 {
    let mut x = u64::from(ring + 1) << 32 | u64::from(short.0);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::testing::{World, id};

    const SECOND: Duration = Duration::from_secs(1);

    fn rings(world: &mut World) -> (Rings, Rng) {
        let mut rng = Rng::new(&[7; 32], "rings");
        (Rings::new(world.now, &world.config, &mut rng), rng)
    }

    fn targets(rings: &Rings) -> Vec<Option<NodeId>> {
        rings.watches.iter().map(|watch| watch.target).collect()
    }

    #[test]
    fn whom_we_watch_depends_on_who_is_well_and_not_on_the_order_of_arrival() {
        let mut world = World::new(Config::lan(), 50);
        let (mut rings, mut rng) = rings(&mut world);
        let mut expected = None;
        for order in [[1, 2, 3, 4, 5, 6], [6, 4, 2, 5, 3, 1]] {
            let mut rings = Rings { watches: [Watch::NOBODY; 8], ..rings_of(&rings) };
            for index in order {
                let cx = world.cx();
                rings.consider(&cx, &mut rng, cx.table.get(&id(index)).unwrap());
            }
            let seen = targets(&rings);
            assert_eq!(expected.get_or_insert(seen.clone()), &seen);
        }
        for index in 1..=50 {
            let cx = world.cx();
            rings.consider(&cx, &mut rng, cx.table.get(&id(index)).unwrap());
        }
        let before = targets(&rings);
        let lost = before[0].unwrap();
        let index = (1..=50).find(|&index| id(index) == lost).unwrap();
        world.accuse(index, crate::member::Level::Suspect, 1);
        rings.move_on(&world.cx(), &mut rng, lost);
        assert_eq!(rings.turn(lost).ring, None);
        world.learn(index, 1);
        let cx = world.cx();
        rings.consider(&cx, &mut rng, cx.table.get(&lost).unwrap());
        assert_eq!(targets(&rings), before);
    }

    fn rings_of(rings: &Rings) -> Rings {
        Rings {
            dues: rings.dues,
            watches: rings.watches,
            idle: rings.idle,
            origin: rings.origin,
            visits: rings.visits,
        }
    }

    #[test]
    fn slots_are_an_interval_apart_and_who_is_a_little_early_is_there() {
        let mut world = World::new(Config::lan(), 0);
        let (mut rings, _) = rings(&mut world);
        world.now = rings.origin + SECOND / 4;
        let mut wait = |now, ring| rings.appointment(now, SECOND, ring);
        // A quarter of a second after the first slot.
        let quarters = |n: u32| SECOND * n / 4;
        assert_eq!(wait(world.now, 0), quarters(4 * 8 - 1));
        assert_eq!(wait(world.now, 1), quarters(4 - 1));
        assert_eq!(wait(world.now, 7), quarters(4 * 7 - 1));
        let early = rings.origin + quarters(3);
        assert_eq!(rings.appointment(early, SECOND, 1), quarters(4 * 8 + 1));
    }

    #[test]
    fn each_watch_comes_round_when_it_was_told_to() {
        let mut world = World::new(Config::lan(), 1);
        let (mut rings, mut rng) = rings(&mut world);
        let cx = world.cx();
        rings.consider(&cx, &mut rng, cx.table.get(&id(1)).unwrap());
        world.now = world.now + SECOND;
        for ring in 0..RINGS {
            let turn = rings.take(&mut world.cx()).unwrap();
            assert_eq!(turn, Turn { target: id(1), ring: Some(ring), rtt: Rtt::UNKNOWN });
            let rtt = Duration::from_millis(2);
            let wait = SECOND * u32::from(ring + 1);
            rings.on_ack(&world.cx(), turn, Some(rtt), Some(wait), false);
        }
        assert_eq!(rings.take(&mut world.cx()), None);
        assert_eq!(rings.next_timeout(), world.now + Duration::from_millis(998));
    }

    #[test]
    fn where_nobody_comes_for_long_the_nearest_before_us_is_asked_to() {
        let mut world = World::new(Config::lan(), 30);
        let (mut rings, mut rng) = rings(&mut world);
        let cx = world.cx();
        for slot in cx.table.live() {
            rings.consider(&cx, &mut rng, slot);
        }
        let own = world.table.own().short;
        let before = |ring| {
            let far = |slot: &&Slot<u32>| distance(ring, slot.short, own);
            world.table.live().min_by_key(far).unwrap().member.id
        };
        let expected: Vec<_> =
            (1..RINGS).map(|ring| Action::CallWatcher { watcher: before(ring) }).collect();
        let round = SECOND * u32::from(RINGS);
        let visit = |rings: &mut Rings, world: &mut World, wait| {
            world.now = world.now + wait;
            rings.appointment(world.now, SECOND, 0);
            while rings.take(&mut world.cx()).is_some() {}
            world.detector_actions()
        };
        assert_eq!(visit(&mut rings, &mut world, round * SILENT_ROUNDS), []);
        assert_eq!(visit(&mut rings, &mut world, round), expected, "all but the one who came");
        assert_eq!(visit(&mut rings, &mut world, round), [], "and not again at once");
        assert_eq!(world.stats.detector.watchers_called, 7);
    }

    #[test]
    fn who_answers_requests_alone_is_told_of_once() {
        let mut world = World::new(Config::lan(), 1);
        let (mut rings, mut rng) = rings(&mut world);
        let cx = world.cx();
        rings.consider(&cx, &mut rng, cx.table.get(&id(1)).unwrap());
        let turn = Turn { target: id(1), ring: Some(3), rtt: Rtt::UNKNOWN };
        let mut answer = |by_request| rings.on_ack(&cx, turn, None, None, by_request);
        assert_eq!(
            [true, true, true, false, true, true].map(&mut answer),
            [false, true, false, false, false, true]
        );
    }
}
