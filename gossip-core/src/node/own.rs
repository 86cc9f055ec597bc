//! Our own claim: how it grows, how we defend it, and how we give it up.

use core::time::Duration;

use smallvec::SmallVec;

use super::encode::Body;
use super::input::Origin;
use super::{Node, Shared};
use crate::detector::action::Action;
use crate::id::ShortId;
use crate::member::{Accusation, Claim, Level, Meta, Phase, Slot};
use crate::rng::Rng;
use crate::{Address, DetectorKind, Event, Incarnation, Instant, LocalEvent, NodeId, Status, time};

/// How many members must have acknowledged that we leave.
const WITNESSES: usize = 3;

/// How many times another bearer of our id is asked whether it lives.
const QUESTIONS: u8 = 4;

/// For how long a death of ours is remembered, and how long we wait before we return after the
/// second: five seconds times two to their number, at most five minutes.
const DEATHS_REMEMBERED: Duration = Duration::from_secs(600);
const ABSENCE: Duration = Duration::from_secs(5);
const MOST_ABSENCE: Duration = Duration::from_secs(300);

/// What salts the cookies of pings that tell of our leaving.
const LEAVING: u8 = 1;
const LEFT: u8 = 2;

/// What we do about our own claim.
#[derive(Debug)]
pub(super) struct Own<A> {
    rng: Rng,
    farewell: Option<Farewell>,
    rival: Option<Rival<A>>,
    /// When we heard of our last deaths.
    deaths: SmallVec<[Instant; 8]>,
    /// When we refute a death, and which.
    returning: Option<(Instant, Incarnation)>,
}

/// A leave under way.
#[derive(Debug)]
struct Farewell {
    /// Who has acknowledged the present stage.
    witnesses: SmallVec<[NodeId; WITNESSES]>,
    /// When the present stage is over in any case.
    end: Instant,
    /// When more members are told.
    next: Instant,
}

/// Another process that claims our id, and may live.
#[derive(Debug)]
struct Rival<A> {
    incarnation: Incarnation,
    address: A,
    nonce: u32,
    asked: u8,
    next: Instant,
}

impl<A> Own<A> {
    pub(super) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "own"),
            farewell: None,
            rival: None,
            deaths: SmallVec::new(),
            returning: None,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let farewell = self.farewell.as_ref().map(|farewell| farewell.next.min(farewell.end));
        let rival = self.rival.as_ref().map(|rival| rival.next);
        let returning = self.returning.map(|(at, _)| at);
        time::earliest([farewell, rival, returning])
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        if let Some(farewell) = &mut self.farewell {
            farewell.end = farewell.end + pause;
        }
        if let Some(rival) = &mut self.rival {
            rival.next = rival.next + pause;
        }
    }
}

impl<A: Address> Node<A> {
    /// Makes a new claim, a larger incarnation of this life, and spreads it.
    pub(super) fn reclaim(&mut self, change: impl FnOnce(&mut Claim<A, Meta>)) {
        self.outbid(self.local().incarnation(), change);
    }

    /// Makes a new claim that is larger than `than`, and spreads it.
    fn outbid(&mut self, than: Incarnation, change: impl FnOnce(&mut Claim<A, Meta>)) {
        let next = self.local().incarnation().max(than).next();
        self.move_on(next, change);
    }

    /// Lives on at `next`. If there is no such point, whoever took the last one has our id for
    /// good.
    fn move_on(&mut self, next: Option<Incarnation>, change: impl FnOnce(&mut Claim<A, Meta>)) {
        let Some(next) = next else {
            let address = self.local().address().clone();
            self.emit(Event::Local(LocalEvent::Conflict { address }));
            return self.stop();
        };
        self.shared.table.claim(self.shared.now, |claim| {
            claim.incarnation = next;
            change(claim);
        });
        self.spread();
    }

    fn spread(&mut self) {
        let id = self.local().id();
        self.reconciler.on_change();
        self.rumors.heat(&mut self.shared.cx(), id, 0, None);
    }

    /// Somebody tells us who we are.
    pub(super) fn on_own_record(
        &mut self,
        claim: &Claim<A, &[u8]>,
        accusation: Option<&Accusation>,
        origin: &mut Origin<'_, A>,
    ) {
        let ours = &self.local().claim;
        let theirs = claim.incarnation;
        if claim.order(ours).is_gt() {
            if theirs.life() == ours.incarnation.life() {
                self.outbid(theirs, |_| ());
            } else if claim.address == ours.address || claim.phase == Phase::Left {
                // An earlier life of ours: the clock went back.
                self.outlive(theirs);
            } else {
                self.question(theirs, claim.address.clone());
                return;
            }
        } else if accusation.is_none_or(|accusation| !self.on_accusation(accusation)) {
            return;
        }
        // Once, and after what else is answered: a stranger's ack comes first. The others hear of it
        // by rumour: to tell all accusers at once changed nothing, even where half of all is lost.
        origin.findings.own = true;
    }

    /// Somebody tells that we are accused: whether it is to hear who we are.
    fn on_accusation(&mut self, accusation: &Accusation) -> bool {
        let (accused, ours) = (accusation.incarnation, self.local().incarnation());
        let phase = self.local().claim.phase;
        let swim = self.shared.config.detector.kind == DetectorKind::Swim;
        if accused.life() != ours.life() || phase == Phase::Left {
            return false;
        }
        if accused < ours {
            // Refuted already, which it has not heard. memberlist leaves it to the rumour.
            return !swim;
        }
        let dead = accusation.level == Level::Dead;
        if phase == Phase::Leaving {
            // To be dead while leaving is to have left, so a suspicion is not refuted either: it
            // may be a verdict elsewhere by now, and nobody comes back from having left.
            if dead {
                self.bid(Phase::Left);
            }
            return false;
        }
        // A suspicion that is as old as our death does not end our absence.
        let absent = self.own.returning.is_some_and(|(_, last)| accused <= last);
        if (dead || absent) && self.stay_away(accused) {
            return false;
        }
        self.refute(accused);
        true
    }

    /// We live: says so by a larger incarnation.
    fn refute(&mut self, accused: Incarnation) {
        self.shared.stats.local.refutations += 1;
        self.detector.on_accused();
        self.outbid(accused, |_| ());
    }

    /// Who keeps dying waits before it returns, so that others do not see it come and go. Whether
    /// this death of ours is not refuted yet.
    fn stay_away(&mut self, accused: Incarnation) -> bool {
        if let Some((_, last)) = &mut self.own.returning {
            *last = accused.max(*last);
            return true;
        }
        let Shared { now, config, .. } = &self.shared;
        if config.detector.kind == DetectorKind::Swim {
            return false;
        }
        let deaths = &mut self.own.deaths;
        deaths.retain(|at| now.saturating_duration_since(*at) < DEATHS_REMEMBERED);
        deaths.truncate(deaths.inline_size() - 1);
        deaths.insert(0, *now);
        if deaths.len() < 2 {
            return false;
        }
        let absence = (ABSENCE * (1 << deaths.len())).min(MOST_ABSENCE);
        self.own.returning = Some((*now + absence, accused));
        true
    }

    /// Moves on to an epoch that is larger than that of another life of ours.
    fn outlive(&mut self, other: Incarnation) {
        let ours = self.local().incarnation();
        let epoch = ours.epoch.max(other.epoch).next();
        self.move_on(epoch.map(|epoch| Incarnation { epoch, number: 0, ..ours }), |_| ());
    }

    /// Begins to ask whether another bearer of our id, with a better claim, lives.
    fn question(&mut self, incarnation: Incarnation, address: A) {
        let known = self.own.rival.as_ref();
        if known.is_none_or(|rival| rival.incarnation.life() < incarnation.life()) {
            let nonce = self.own.rng.next_u32();
            let next = self.shared.now;
            self.own.rival = Some(Rival { incarnation, address, nonce, asked: 0, next });
        }
    }

    /// An ack that no probe waits for: of the other bearer of our id, if it carries that nonce.
    pub(super) fn on_rival_ack(&mut self, nonce: u32) -> bool {
        let Some(rival) = self.own.rival.take_if(|rival| rival.nonce == nonce) else {
            return false;
        };
        self.emit(Event::Local(LocalEvent::Conflict { address: rival.address }));
        self.stop();
        true
    }

    /// Begins to leave.
    pub(super) fn begin_leave(&mut self) {
        self.own.returning = None;
        if self.own.farewell.is_none() {
            self.bid(Phase::Leaving);
        }
    }

    /// Enters the next stage of leaving.
    fn bid(&mut self, phase: Phase) {
        self.shared.table.claim(self.shared.now, |claim| claim.phase = phase);
        self.spread();
        let now = self.shared.now;
        let end = now + self.shared.config.leave_timeout / 2;
        self.own.farewell = Some(Farewell { witnesses: SmallVec::new(), end, next: now });
        self.tell_farewell();
        self.check_farewell();
    }

    fn farewell_salt(&self) -> u8 {
        if self.local().claim.phase == Phase::Left { LEFT } else { LEAVING }
    }

    /// An ack of a ping that told of our leaving, if it carries that cookie.
    pub(super) fn on_farewell_ack(&mut self, from: NodeId, nonce: u32) {
        if self.own.farewell.is_none() || nonce != self.cookie(&from, self.farewell_salt()) {
            return;
        }
        if let Some(farewell) = &mut self.own.farewell
            && !farewell.witnesses.contains(&from)
        {
            farewell.witnesses.push(from);
        }
        self.check_farewell();
    }

    fn check_farewell(&mut self) {
        // Who is suspected may never acknowledge anything again.
        let well = |slot: &&Slot<A>| matches!(slot.member.status(), Status::Up | Status::Leaving);
        let table = &self.shared.table;
        let needed = table.live().filter(well).take(WITNESSES).count();
        // If all are suspected, one of them must; a seed that we asked may yet take us in.
        let needed = needed.max(table.live().len().min(1));
        let Some(farewell) = &self.own.farewell else { return };
        let told = farewell.witnesses.len() >= needed && self.seeds.is_quiet();
        if !told && farewell.end > self.shared.now {
            return;
        }
        if self.local().claim.phase == Phase::Left {
            self.own.farewell = None;
            // What was said last still has to leave.
            let last = core::mem::take(&mut self.outbox);
            self.emit(Event::Local(LocalEvent::Left));
            self.stop();
            self.outbox = last;
        } else {
            self.bid(Phase::Left);
        }
    }

    pub(super) fn on_own_timeout(&mut self) {
        let now = self.shared.now;
        if let Some((_, accused)) = self.own.returning.take_if(|(at, _)| *at <= now)
            && accused.life() == self.local().incarnation().life()
            && accused >= self.local().incarnation()
        {
            self.refute(accused);
        }
        if self.own.farewell.as_ref().is_some_and(|farewell| farewell.end <= self.shared.now) {
            self.check_farewell();
        }
        if self.own.farewell.as_ref().is_some_and(|farewell| farewell.next <= self.shared.now) {
            self.tell_farewell();
        }
        if self.own.rival.as_ref().is_some_and(|rival| rival.next <= self.shared.now) {
            self.on_rival_timeout();
        }
    }

    fn tell_farewell(&mut self) {
        let Some(farewell) = &mut self.own.farewell else { return };
        farewell.next = self.shared.now + self.shared.config.rumors.interval;
        let told = &farewell.witnesses;
        let peers = self
            .shared
            .table
            .draw(&mut self.own.rng, 2 * WITNESSES, |slot| !told.contains(&slot.member.id));
        let own = self.local().id();
        let salt = self.farewell_salt();
        for to in peers {
            let nonce = self.cookie(&to, salt);
            self.shared.cx().push(Action::Ping { to, nonce, attach: Some(own), ring: None });
        }
        self.run_actions();
    }

    fn on_rival_timeout(&mut self) {
        let Some(rival) = &mut self.own.rival else { return };
        if rival.asked < QUESTIONS {
            rival.asked += 1;
            rival.next = self.shared.now + self.shared.config.detector.probe_timeout;
            let own = &self.shared.table.own().member.id;
            let check = self.shared.cluster.check(own, rival.incarnation);
            let (to, nonce) = (rival.address.clone(), rival.nonce);
            self.enqueue(to, None, Body::Ping { nonce, check, attach: None, ring: None });
        } else {
            let incarnation = rival.incarnation;
            self.own.rival = None;
            self.outlive(incarnation);
        }
    }

    /// The nonce of a ping that needs no memory: who answers with it has been reached at the
    /// address that it claims.
    pub(super) fn cookie(&self, id: &NodeId, salt: u8) -> u32 {
        let mut bytes = [0; 96];
        let address = self.shared.table.get(id).map(|slot| &slot.member.claim.address);
        match postcard::to_slice(&(salt, id, address), &mut bytes) {
            Ok(bytes) => self.shared.secret.hash(bytes) as u32,
            Err(_) => 0,
        }
    }

    /// What stands for us on the wire.
    pub(super) fn own_short(&self) -> ShortId {
        self.shared.own
    }
}
