//! Eight fixed watchers per member, with appointments.
//!
//! The members stand in eight rings, each in another order, and a node watches its successor in
//! each. The watched member keeps a calendar with one slot per ring, evenly spaced over eight probe
//! intervals. With each ack it tells the watcher the time until the watcher's next slot. Members
//! need no common clock, and the pings to a member are exactly one interval apart.

use core::time::Duration;

use super::action::Action;
use super::rtt::Rtt;
use super::target::ProbeTarget;
use crate::context::Context;
use crate::id::ShortId;
use crate::member::Slot;
use crate::rng::Rng;
use crate::{Address, Config, Instant, NodeId};

/// Number of watchers per member.
pub(crate) const RINGS: u8 = 8;

/// Rounds of the calendar for which a watcher may miss its slot before the watched member calls
/// it.
const SILENT_ROUNDS: u32 = 2;

const NEVER: Instant = Instant::from_micros(u64::MAX);

/// Both sides of the appointments of one node.
#[derive(Debug)]
pub(super) struct Rings {
    /// The next probe in each ring; never where this node watches no member. Stored apart from the
    /// watched members, since they are read all the time.
    deadlines: [Instant; RINGS as usize],
    watched: [WatchedMember; RINGS as usize],
    /// When to look again while there is no member to watch.
    idle_until: Instant,
    /// The start of the calendar. Slot `r` is `r` intervals later, and recurs each round.
    origin: Instant,
    /// When a watcher last came in each ring.
    last_visit: [Instant; RINGS as usize],
}

/// The member that this node watches in one ring.
#[derive(Clone, Copy, Debug)]
struct WatchedMember {
    id: Option<NodeId>,
    /// Its distance behind this node.
    distance: u64,
    rtt: Rtt,
    /// Number of probes in a row that only a request rescued.
    request_only_acks: u8,
}

impl WatchedMember {
    const NONE: Self =
        Self { id: None, distance: u64::MAX, rtt: Rtt::UNKNOWN, request_only_acks: 0 };
}

impl Rings {
    pub(super) fn new(now: Instant, config: &Config, rng: &mut Rng) -> Self {
        Self {
            deadlines: [NEVER; RINGS as usize],
            watched: [WatchedMember::NONE; RINGS as usize],
            idle_until: now + config.detector.probe_interval,
            origin: now + rng.within(config.detector.probe_interval),
            last_visit: [now; RINGS as usize],
        }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        let next = self.deadlines.iter().fold(NEVER, |next, deadline| next.min(*deadline));
        if next == NEVER { self.idle_until } else { next }
    }

    /// Takes the next target that is due. Calls a watcher of this node that has missed its slots.
    pub(super) fn take<A: Address>(&mut self, cx: &mut Context<'_, A>) -> Option<ProbeTarget> {
        if self.idle_until <= cx.now {
            self.idle_until = cx.now + cx.config.detector.probe_interval;
        }
        let mut deadlines = (0..).zip(&mut self.deadlines);
        let (ring, deadline) = deadlines.find(|(_, deadline)| **deadline <= cx.now)?;
        let round = cx.config.detector.probe_interval * u32::from(RINGS);
        *deadline = cx.now + round;
        let WatchedMember { id, rtt, .. } = self.watched[usize::from(ring)];
        let id = id?;
        let silent = cx.now.saturating_duration_since(self.last_visit[usize::from(ring)]);
        if silent > round * SILENT_ROUNDS {
            self.last_visit[usize::from(ring)] = cx.now;
            let watcher = nearest(cx, |short| distance(ring, short, cx.table.local().short));
            if let Some((watcher, _)) = watcher {
                cx.stats.detector.watchers_called += 1;
                cx.push(Action::CallWatcher { watcher });
            }
        }
        Some(ProbeTarget { id, ring: Some(ring), rtt })
    }

    /// Considers a healthy member, and watches it in each ring in which it is the nearest.
    pub(super) fn consider<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        rng: &mut Rng,
        slot: &Slot<A>,
    ) {
        let own = cx.table.local();
        if slot.short == own.short {
            return;
        }
        for (ring, watched) in (0..).zip(&mut self.watched) {
            let distance = distance(ring, own.short, slot.short);
            if watched.id.is_none() || distance < watched.distance {
                *watched = WatchedMember::new(slot.member.id, distance);
                self.deadlines[usize::from(ring)] = soon(cx, rng);
            }
        }
    }

    /// Watches the next healthy members in place of one that is not.
    pub(super) fn replace<A: Address>(&mut self, cx: &Context<'_, A>, rng: &mut Rng, id: NodeId) {
        let own = cx.table.local().short;
        for (ring, watched) in (0..).zip(&mut self.watched) {
            if watched.id != Some(id) {
                continue;
            }
            (*watched, self.deadlines[usize::from(ring)]) = (WatchedMember::NONE, NEVER);
            if let Some((next, far)) = nearest(cx, |short| distance(ring, own, short)) {
                *watched = WatchedMember::new(next, far);
                self.deadlines[usize::from(ring)] = soon(cx, rng);
            }
        }
    }

    /// Returns a member as a target, with its ring if this node watches it.
    pub(super) fn target(&self, id: NodeId) -> ProbeTarget {
        let watched = (0..).zip(&self.watched).find(|(_, watched)| watched.id == Some(id));
        watched.map_or(ProbeTarget::unwatched(id), |(ring, watched)| ProbeTarget {
            id,
            ring: Some(ring),
            rtt: watched.rtt,
        })
    }

    /// Handles the ack of a watched member, `rtt` after the only ping that was sent. The next slot is
    /// in `appointment`. Returns whether the member now answers requests alone.
    pub(super) fn on_ack<A>(
        &mut self,
        cx: &Context<'_, A>,
        target: ProbeTarget,
        rtt: Option<Duration>,
        appointment: Option<Duration>,
        by_request: bool,
    ) -> bool {
        let Some(ring) = target.ring.map(usize::from) else { return false };
        let watched = &mut self.watched[ring];
        if watched.id != Some(target.id) {
            return false;
        }
        if let Some(rtt) = rtt {
            watched.rtt.sample(rtt);
        }
        if let Some(wait) = appointment {
            // The ack travelled for half of the round trip; the next ping will for the other half.
            let wait = wait.saturating_sub(rtt.unwrap_or_default());
            self.deadlines[ring] = cx.now + wait.max(cx.config.detector.probe_interval / 2);
        }
        let acks = &mut watched.request_only_acks;
        *acks = if by_request { acks.saturating_add(1) } else { 0 };
        *acks == 2
    }

    /// Notes the visit of a watcher. Returns the time until its next slot.
    pub(super) fn appointment(&mut self, now: Instant, interval: Duration, ring: u8) -> Duration {
        self.last_visit[usize::from(ring)] = now;
        let round = (interval * u32::from(RINGS)).as_micros() as u64;
        let first = self.origin + interval * u32::from(ring);
        let since = (now.as_micros() + round - first.as_micros() % round) % round;
        let until = Duration::from_micros(round - since);
        // A watcher that comes up to half an interval early is on time.
        if until < interval / 2 { until + interval * u32::from(RINGS) } else { until }
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        for at in
            self.deadlines.iter_mut().chain(&mut self.last_visit).chain([&mut self.idle_until])
        {
            *at = *at + pause;
        }
    }
}

impl WatchedMember {
    fn new(id: NodeId, distance: u64) -> Self {
        Self { id: Some(id), distance, ..Self::NONE }
    }
}

/// Returns the time of the first probe of a new target. It is random within an interval: when many
/// members come at once, most do not stay the nearest.
fn soon<A>(cx: &Context<'_, A>, rng: &mut Rng) -> Instant {
    cx.now + rng.within(cx.config.detector.probe_interval)
}

/// Returns the nearest healthy member and its distance.
fn nearest<A: Address>(
    cx: &Context<'_, A>,
    distance: impl Fn(ShortId) -> u64,
) -> Option<(NodeId, u64)> {
    let own = cx.table.local().short;
    let healthy = cx.table.live().filter(|slot| slot.member.status().is_healthy());
    let others = healthy.filter(|slot| slot.short != own);
    let nearest = others.map(|slot| (distance(slot.short), slot.member.id)).min();
    nearest.map(|(distance, id)| (id, distance))
}

/// Returns the distance of `to` behind `from` in a ring. All nodes compute the same.
fn distance(ring: u8, from: ShortId, to: ShortId) -> u64 {
    position(ring, to).wrapping_sub(position(ring, from))
}

/// Returns the position of a short id in a ring, by the finalizer of splitmix64. Short ids are keyed
/// hashes already, but each ring needs another order.
fn position(ring: u8, short: ShortId) -> u64 {
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
        rings.watched.iter().map(|watched| watched.id).collect()
    }

    #[test]
    fn watched_members_do_not_depend_on_arrival() {
        let mut world = World::new(Config::lan(), 50);
        let (mut rings, mut rng) = rings(&mut world);
        let mut expected = None;
        for order in [[1, 2, 3, 4, 5, 6], [6, 4, 2, 5, 3, 1]] {
            let mut rings = Rings { watched: [WatchedMember::NONE; 8], ..rings_of(&rings) };
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
        rings.replace(&world.cx(), &mut rng, lost);
        assert_eq!(rings.target(lost).ring, None);
        world.learn(index, 1);
        let cx = world.cx();
        rings.consider(&cx, &mut rng, cx.table.get(&lost).unwrap());
        assert_eq!(targets(&rings), before);
    }

    fn rings_of(rings: &Rings) -> Rings {
        Rings {
            deadlines: rings.deadlines,
            watched: rings.watched,
            idle_until: rings.idle_until,
            origin: rings.origin,
            last_visit: rings.last_visit,
        }
    }

    #[test]
    fn slots_are_one_interval_apart() {
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
    fn watchers_keep_their_appointments() {
        let mut world = World::new(Config::lan(), 1);
        let (mut rings, mut rng) = rings(&mut world);
        let cx = world.cx();
        rings.consider(&cx, &mut rng, cx.table.get(&id(1)).unwrap());
        world.now = world.now + SECOND;
        for ring in 0..RINGS {
            let target = rings.take(&mut world.cx()).unwrap();
            assert_eq!(target, ProbeTarget { id: id(1), ring: Some(ring), rtt: Rtt::UNKNOWN });
            let rtt = Duration::from_millis(2);
            let wait = SECOND * u32::from(ring + 1);
            rings.on_ack(&world.cx(), target, Some(rtt), Some(wait), false);
        }
        assert_eq!(rings.take(&mut world.cx()), None);
        assert_eq!(rings.next_timeout(), world.now + Duration::from_millis(998));
    }

    #[test]
    fn missing_watchers_are_called() {
        let mut world = World::new(Config::lan(), 30);
        let (mut rings, mut rng) = rings(&mut world);
        let cx = world.cx();
        for slot in cx.table.live() {
            rings.consider(&cx, &mut rng, slot);
        }
        let own = world.table.local().short;
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
    fn request_only_member_is_reported_once() {
        let mut world = World::new(Config::lan(), 1);
        let (mut rings, mut rng) = rings(&mut world);
        let cx = world.cx();
        rings.consider(&cx, &mut rng, cx.table.get(&id(1)).unwrap());
        let target = ProbeTarget { id: id(1), ring: Some(3), rtt: Rtt::UNKNOWN };
        let mut answer = |by_request| rings.on_ack(&cx, target, None, None, by_request);
        assert_eq!(
            [true, true, true, false, true, true].map(&mut answer),
            [false, true, false, false, false, true]
        );
    }
}
