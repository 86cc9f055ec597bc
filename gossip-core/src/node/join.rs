//! Seeds: how a node becomes part of a cluster, and finds it again.

use alloc::vec::Vec;
use core::time::Duration;

use super::Node;
use super::encode::Body;
use super::input::Origin;
use crate::detector::action::Action;
use crate::event::{JoinError, JoinId};
use crate::id::ShortId;
use crate::member::Slot;
use crate::rng::Rng;
use crate::wire::Welcome;
use crate::{Address, Config, Event, Instant, JoinEvent, NodeId, Status};

/// The joins under way and the addresses that are tried for good.
#[derive(Debug)]
pub(super) struct Seeds<A> {
    pub(super) rng: Rng,
    joins: Vec<Join<A>>,
    count: u64,
    /// Tried now and then as long as nobody live is there.
    fixed: Vec<A>,
    /// The nonce of those attempts.
    nonce: u32,
    next: Instant,
}

#[derive(Debug)]
struct Join<A> {
    id: JoinId,
    seeds: Vec<Seed<A>>,
    next: Instant,
    end: Instant,
}

#[derive(Debug)]
struct Seed<A> {
    address: A,
    nonce: u32,
    outcome: Option<Result<NodeId, JoinError>>,
}

impl<A: Address> Seeds<A> {
    pub(super) fn new(now: Instant, config: &Config, entropy: &[u8; 32]) -> Self {
        let mut rng = Rng::new(entropy, "seeds");
        let nonce = rng.next_u32();
        let phase = rng.below(config.join.reconnect_interval.as_micros() as usize) as u64;
        let next = now + Duration::from_micros(phase);
        Self { rng, joins: Vec::new(), count: 0, fixed: Vec::new(), nonce, next }
    }

    pub(super) fn set(&mut self, addresses: Vec<A>) {
        self.fixed = addresses;
    }

    /// Whether no join is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.joins.is_empty()
    }

    pub(super) fn postpone(&mut self, pause: Duration) {
        for join in &mut self.joins {
            join.end = join.end + pause;
        }
    }
}

impl<A: Address> Node<A> {
    pub(super) fn begin_join(&mut self, addresses: Vec<A>) -> JoinId {
        let now = self.shared.now;
        let own = &self.shared.table.own().member;
        let (own_id, own_address) = (own.id, own.claim.address.clone());
        let rng = &mut self.seeds.rng;
        let seeds = addresses.into_iter().map(|address| {
            let outcome = (address == own_address).then_some(Ok(own_id));
            Seed { address, nonce: rng.next_u32(), outcome }
        });
        let seeds = seeds.collect();
        self.seeds.count += 1;
        let id = JoinId(self.seeds.count);
        let end = now + self.shared.config.join.timeout;
        self.seeds.joins.push(Join { id, seeds, next: now, end });
        self.try_joins();
        id
    }

    /// Asks again where there was no answer yet.
    fn try_joins(&mut self) {
        let now = self.shared.now;
        let mut joins = core::mem::take(&mut self.seeds.joins);
        for join in joins.iter_mut().filter(|join| join.next <= now && now < join.end) {
            for seed in join.seeds.iter().filter(|seed| seed.outcome.is_none()) {
                self.enqueue(seed.address.clone(), None, Body::Join { nonce: seed.nonce });
            }
            join.next = now + self.shared.config.detector.probe_timeout;
        }
        self.seeds.joins = joins;
        self.end_joins();
    }

    /// Ends the joins that are over.
    pub(super) fn end_joins(&mut self) {
        let (now, stopped) = (self.shared.now, self.stopped);
        let answered = |join: &Join<A>| join.seeds.iter().all(|seed| seed.outcome.is_some());
        let over = |join: &mut Join<A>| stopped || join.end <= now || answered(join);
        let finished: Vec<_> = self.seeds.joins.extract_if(.., over).collect();
        for Join { id, seeds, .. } in finished {
            let outcome =
                |seed: Seed<A>| (seed.address, seed.outcome.unwrap_or(Err(JoinError::NoAnswer)));
            let outcomes = seeds.into_iter().map(outcome).collect();
            self.emit(Event::Join(JoinEvent::Finished { id, outcomes }));
        }
    }

    /// Somebody wants to be let in. Its record has come with the same datagram.
    pub(super) fn on_join(&mut self, nonce: u32, sender: ShortId, origin: &mut Origin<'_, A>) {
        // It may be ourselves, at another address of ours.
        let admitted = origin.sender.is_some() || sender == self.own_short();
        self.respond(origin, Body::Welcome { nonce, admitted });
    }

    pub(super) fn on_welcome(&mut self, welcome: Welcome) {
        let seeds = self.seeds.joins.iter_mut().flat_map(|join| &mut join.seeds);
        let asked = seeds.into_iter().find(|seed| seed.nonce == welcome.nonce);
        let outcome = if welcome.admitted { Ok(welcome.id) } else { Err(JoinError::Refused) };
        match asked {
            Some(seed) => seed.outcome = Some(outcome),
            None if welcome.nonce == self.seeds.nonce => {}
            None => return,
        }
        if welcome.admitted {
            self.reconciler.catch_up(&self.shared.cx());
        }
        self.try_joins();
    }

    pub(super) fn next_seeds_timeout(&self) -> Option<Instant> {
        let joins = self.seeds.joins.iter().map(|join| join.next.min(join.end));
        let missing = !self.seeds.fixed.is_empty() || self.shared.table.has_gone();
        joins.chain(missing.then_some(self.seeds.next)).min()
    }

    pub(super) fn on_seeds_timeout(&mut self) {
        self.try_joins();
        if self.seeds.next <= self.shared.now {
            let config = &self.shared.config;
            let alone = self.live_peers() == 0;
            let pause =
                if alone { config.detector.probe_interval } else { config.join.reconnect_interval };
            self.seeds.next = self.shared.now + pause.min(config.join.reconnect_interval);
            self.reconnect();
        }
    }

    /// Tries to reach one of the dead or of the seeds where nobody live is: after a partition
    /// either side does, and the first answer brings the halves together.
    fn reconnect(&mut self) {
        let table = &self.shared.table;
        let dead =
            table.draw_gone(&mut self.seeds.rng, |slot| slot.member.status() == Status::Dead);
        let fixed = &self.seeds.fixed;
        let start = self.seeds.rng.below(fixed.len());
        let absent = |seed: &&A| !table.iter().any(|slot| live_at(slot, seed));
        let seed = fixed[start..].iter().chain(&fixed[..start]).find(absent).cloned();
        let toss = self.seeds.rng.below(2) == 0;
        match (dead, seed) {
            (Some(to), seed) if seed.is_none() || toss => {
                let nonce = self.cookie(&to, 0);
                self.shared.cx().push(Action::Ping { to, nonce, attach: Some(to), ring: None });
            }
            (_, Some(seed)) => {
                let nonce = self.seeds.nonce;
                self.enqueue(seed, None, Body::Join { nonce });
            }
            _ => {}
        }
    }
}

/// Whether this member, or ourselves, lives at an address.
fn live_at<A: Address>(slot: &Slot<A>, address: &A) -> bool {
    slot.member.status().is_live() && slot.member.claim.address == *address
}
