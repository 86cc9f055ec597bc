//! Joining: how a node becomes part of a cluster, and finds it again after a partition.

pub(crate) mod action;
pub(crate) mod draft;
pub(crate) mod event;
pub(crate) mod message;
pub(crate) mod stats;
#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use action::Action;
use message::Welcome;

use crate::context::Context;
use crate::detector::action::Action as DetectorAction;
use crate::member::{Slot, Table};
use crate::rng::Rng;
use crate::{Address, Config, Instant, NodeId, Status, queue};
use crate::{JoinError, JoinId};

/// The joins in progress, and the seeds that a node keeps contacting.
#[derive(Debug)]
pub(crate) struct Seeds<A> {
    pub(crate) rng: Rng,
    joins: Vec<Join<A>>,
    join_count: u64,
    /// Addresses that the node contacts as long as no live member is there.
    fixed: Vec<A>,
    /// Nonce of the joins sent to those.
    nonce: u32,
    next: Instant,
    actions: VecDeque<Action<A>>,
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
    pub(crate) fn new(now: Instant, config: &Config, entropy: &[u8; 32]) -> Self {
        let mut rng = Rng::new(entropy, "seeds");
        let nonce = rng.next_u32();
        let phase = rng.below(config.join.reconnect_interval.as_micros() as usize) as u64;
        let next = now + Duration::from_micros(phase);
        Self {
            rng,
            joins: Vec::new(),
            join_count: 0,
            fixed: Vec::new(),
            nonce,
            next,
            actions: VecDeque::new(),
        }
    }

    /// Takes the next action. The node runs them before it goes on.
    pub(crate) fn poll_action(&mut self) -> Option<Action<A>> {
        queue::pop(&mut self.actions)
    }

    /// Replaces the addresses that the node contacts as long as no live member is there.
    pub(crate) fn set(&mut self, addresses: Vec<A>) {
        self.fixed = addresses;
    }

    /// Returns whether no join is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        self.joins.is_empty()
    }

    pub(crate) fn postpone(&mut self, pause: Duration) {
        for join in &mut self.joins {
            join.end = join.end + pause;
        }
    }

    /// Begins a join.
    pub(crate) fn join(&mut self, cx: &mut Context<'_, A>, addresses: Vec<A>) -> JoinId {
        let own = &cx.table.local().member;
        let rng = &mut self.rng;
        let seeds = addresses.into_iter().map(|address| {
            let outcome = (address == own.claim.address).then_some(Ok(own.id));
            Seed { address, nonce: rng.next_u32(), outcome }
        });
        let seeds = seeds.collect();
        self.join_count += 1;
        let id = JoinId(self.join_count);
        let end = cx.now + cx.config.join.timeout;
        self.joins.push(Join { id, seeds, next: cx.now, end });
        self.try_joins(cx);
        id
    }

    /// Handles the answer of a seed.
    pub(crate) fn on_welcome(&mut self, cx: &mut Context<'_, A>, welcome: Welcome) {
        let seeds = self.joins.iter_mut().flat_map(|join| &mut join.seeds);
        let asked = seeds.into_iter().find(|seed| seed.nonce == welcome.nonce);
        let outcome = if welcome.admitted { Ok(welcome.id) } else { Err(JoinError::Refused) };
        match asked {
            Some(seed) => seed.outcome = Some(outcome),
            None if welcome.nonce == self.nonce => {}
            None => return,
        }
        if welcome.admitted {
            self.actions.push_back(Action::CatchUp);
        }
        self.try_joins(cx);
    }

    pub(crate) fn next_timeout(&self, table: &Table<A>) -> Option<Instant> {
        let joins = self.joins.iter().map(|join| join.next.min(join.end));
        let missing = !self.fixed.is_empty() || table.has_departed();
        joins.chain(missing.then_some(self.next)).min()
    }

    pub(crate) fn on_timeout(&mut self, cx: &mut Context<'_, A>) {
        self.try_joins(cx);
        if self.next <= cx.now {
            let alone = cx.table.live().len() == 0;
            let interval = cx.config.join.reconnect_interval;
            let pause = if alone { cx.config.detector.probe_interval } else { interval };
            self.next = cx.now + pause.min(interval);
            self.reconnect(cx);
        }
    }

    /// Ends all joins: this node stops.
    pub(crate) fn stop(&mut self) {
        self.finish_joins(|_| true);
    }

    /// Contacts the seeds that have not answered, and ends the joins that are over.
    fn try_joins(&mut self, cx: &Context<'_, A>) {
        for join in self.joins.iter_mut().filter(|join| join.next <= cx.now && cx.now < join.end) {
            for seed in join.seeds.iter().filter(|seed| seed.outcome.is_none()) {
                let (to, nonce) = (seed.address.clone(), seed.nonce);
                self.actions.push_back(Action::Join { to, nonce });
            }
            join.next = cx.now + cx.config.detector.probe_timeout;
        }
        let answered = |join: &Join<A>| join.seeds.iter().all(|seed| seed.outcome.is_some());
        self.finish_joins(|join| join.end <= cx.now || answered(join));
    }

    fn finish_joins(&mut self, is_over: impl Fn(&Join<A>) -> bool) {
        let Self { joins, actions, .. } = self;
        for Join { id, seeds, .. } in joins.extract_if(.., |join| is_over(join)) {
            let outcome =
                |seed: Seed<A>| (seed.address, seed.outcome.unwrap_or(Err(JoinError::NoAnswer)));
            let outcomes = seeds.into_iter().map(outcome).collect();
            actions.push_back(Action::Finished { id, outcomes });
        }
    }

    /// Contacts a dead member, or a seed where no live member is. After a partition both sides do
    /// so, and the first answer joins the halves.
    fn reconnect(&mut self, cx: &mut Context<'_, A>) {
        let is_dead = |slot: &Slot<A>| slot.member.status() == Status::Dead;
        let dead = cx.table.sample_departed(&mut self.rng, is_dead);
        let start = self.rng.below(self.fixed.len());
        let absent = |seed: &&A| !cx.table.iter().any(|slot| is_live_at(slot, seed));
        let mut seeds = self.fixed[start..].iter().chain(&self.fixed[..start]);
        let seed = seeds.find(absent).cloned();
        let toss = self.rng.below(2) == 0;
        match (dead, seed) {
            (Some(to), seed) if seed.is_none() || toss => {
                let nonce = cx.table.cookie(&to, 0);
                cx.push(DetectorAction::Ping { to, nonce, attach: Some(to), ring: None });
            }
            (_, Some(to)) => {
                let nonce = self.nonce;
                self.actions.push_back(Action::Join { to, nonce });
            }
            _ => {}
        }
    }
}

fn is_live_at<A: Address>(slot: &Slot<A>, address: &A) -> bool {
    slot.member.status().is_live() && slot.member.claim.address == *address
}
