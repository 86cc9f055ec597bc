//! Joins that somebody waits for: an outcome per seed.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gossip_core::{Instant, JoinError, JoinId, NodeId};

use crate::resolve::{RESOLVER, literal, on_thread, resolve};
use crate::shared::{Phase, State};
use crate::{Pending, SeedError, Shared};

/// What came of one seed of a join.
#[derive(Debug)]
pub struct SeedOutcome {
    /// As it was given.
    pub seed: String,
    /// Who answered there, or why nobody did. An address of our own answers with our own id.
    pub result: Result<NodeId, SeedError>,
}

/// One seed of one join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) ticket: u64,
    pub(crate) index: usize,
}

#[derive(Debug)]
enum Progress {
    Resolving { deadline: Instant },
    Asked { id: JoinId, deadline: Instant },
    Done(Result<NodeId, SeedError>),
}

impl Progress {
    fn deadline(&self) -> Option<Instant> {
        match *self {
            Self::Resolving { deadline } | Self::Asked { deadline, .. } => Some(deadline),
            Self::Done(_) => None,
        }
    }
}

/// The joins under way, by ticket. An entry lives until its outcome is taken or nobody waits for it
/// any more.
#[derive(Debug)]
pub(crate) struct Joins {
    open: BTreeMap<u64, Vec<(String, Progress)>>,
    next: u64,
    /// How long the names may take; the core has a time-out of the same length for the seeds.
    timeout: Duration,
}

impl Joins {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { open: BTreeMap::new(), next: 0, timeout }
    }

    /// A new join through `seeds`, none of them resolved yet; its ticket.
    pub(crate) fn open(&mut self, now: Instant, seeds: impl IntoIterator<Item = String>) -> u64 {
        let ticket = self.next;
        self.next += 1;
        let deadline = now + self.timeout;
        let seeds = seeds.into_iter().map(|seed| (seed, Progress::Resolving { deadline }));
        self.open.insert(ticket, seeds.collect());
        ticket
    }

    fn resolving(&mut self, place: Place) -> Option<&mut Progress> {
        let (_, progress) = self.open.get_mut(&place.ticket)?.get_mut(place.index)?;
        matches!(progress, Progress::Resolving { .. }).then_some(progress)
    }

    /// The seed at `place` is resolved, and `id` is the core's join through its addresses.
    pub(crate) fn asked(&mut self, now: Instant, place: Place, id: JoinId) {
        // The core answers within the timeout; twice that is for an answer lost to a full queue.
        let deadline = now + 2 * self.timeout;
        if let Some(progress) = self.resolving(place) {
            *progress = Progress::Asked { id, deadline };
        }
    }

    /// The seed at `place` cannot be resolved.
    pub(crate) fn unresolved(&mut self, place: Place, reason: io::Error) {
        if let Some(progress) = self.resolving(place) {
            *progress = Progress::Done(Err(SeedError::Resolve(reason)));
        }
    }

    /// The core's join `id` is over. A seed of several addresses succeeds by any of them.
    pub(crate) fn finished(
        &mut self,
        id: JoinId,
        outcomes: &[(SocketAddr, Result<NodeId, JoinError>)],
    ) {
        let is_it = |p: &Progress| matches!(p, Progress::Asked { id: asked, .. } if *asked == id);
        let mut seeds = self.open.values_mut().flatten();
        if let Some((_, progress)) = seeds.find(|(_, progress)| is_it(progress)) {
            let mut results = outcomes.iter().map(|&(_, result)| result);
            let result = results.clone().find(Result::is_ok).or_else(|| results.next_back());
            let result = result.unwrap_or(Err(JoinError::NoAnswer));
            *progress = Progress::Done(result.map_err(SeedError::from));
        }
    }

    /// When [`expire`](Self::expire) has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().flatten().filter_map(|(_, progress)| progress.deadline()).min()
    }

    /// Gives up on what has taken too long.
    pub(crate) fn expire(&mut self, now: Instant) {
        for (_, progress) in self.open.values_mut().flatten() {
            if progress.deadline().is_none_or(|deadline| deadline > now) {
                continue;
            }
            let error = match progress {
                Progress::Resolving { .. } => {
                    SeedError::Resolve(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
                }
                _ => SeedError::Join(JoinError::NoAnswer),
            };
            *progress = Progress::Done(Err(error));
        }
    }

    /// The node has stopped: nothing more will come.
    pub(crate) fn stop(&mut self) {
        for (_, progress) in self.open.values_mut().flatten() {
            if progress.deadline().is_some() {
                *progress = Progress::Done(Err(SeedError::Stopped));
            }
        }
    }

    /// The outcomes, in the order of the seeds, once all are there.
    pub(crate) fn take(&mut self, ticket: u64) -> Option<Vec<SeedOutcome>> {
        let seeds = self.open.get(&ticket)?;
        if seeds.iter().any(|(_, progress)| progress.deadline().is_some()) {
            return None;
        }
        let outcome = |(seed, progress)| match progress {
            Progress::Done(result) => Some(SeedOutcome { seed, result }),
            _ => None,
        };
        Some(self.open.remove(&ticket)?.into_iter().filter_map(outcome).collect())
    }

    /// Nobody waits for it any more.
    pub(crate) fn forget(&mut self, ticket: u64) {
        self.open.remove(&ticket);
    }
}

impl State {
    /// Joins through a seed that is resolved.
    fn ask(&mut self, now: gossip_core::Instant, place: Place, addresses: Vec<SocketAddr>) {
        let id = self.node.join(now, addresses);
        self.joins.asked(now, place, id);
    }
}

impl Shared {
    /// Joins through each of the seeds by itself, the names resolved on threads of their own.
    pub(crate) fn join(self: &Arc<Self>, seeds: Vec<String>) -> Pending<Vec<SeedOutcome>> {
        let ticket = self.command(|state, now| {
            let ticket = state.joins.open(now, seeds.iter().cloned());
            if state.phase == Phase::Over {
                state.joins.stop();
            }
            ticket
        });
        for (index, seed) in seeds.into_iter().enumerate() {
            let place = Place { ticket, index };
            match literal(&seed) {
                Some(address) => self.command(|state, now| state.ask(now, place, vec![address])),
                None => self.resolve_and_ask(place, seed),
            }
        }
        let waiting = Waiting { shared: Arc::clone(self), ticket };
        Pending::new(Arc::clone(&self.changed), move || {
            waiting.shared.lock().joins.take(waiting.ticket)
        })
    }

    fn resolve_and_ask(self: &Arc<Self>, place: Place, seed: String) {
        let shared = Arc::clone(self);
        let resolving = on_thread(RESOLVER, move || {
            let result = resolve(&seed);
            shared.command(|state, now| match result {
                Ok(addresses) => state.ask(now, place, addresses),
                Err(error) => state.joins.unresolved(place, error),
            });
        });
        if let Err(error) = resolving {
            self.with(|state, _| state.joins.unresolved(place, error));
        }
    }
}

/// Somebody who waits for a join.
struct Waiting {
    shared: Arc<Shared>,
    ticket: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.lock().joins.forget(self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(3);

    fn joins(seeds: &[&str]) -> (Joins, u64) {
        let mut joins = Joins::new(TIMEOUT);
        let ticket = joins.open(Instant::ORIGIN, seeds.iter().map(ToString::to_string));
        (joins, ticket)
    }

    fn results(joins: &mut Joins, ticket: u64) -> Vec<String> {
        let outcomes = joins.take(ticket).expect("all outcomes are there");
        outcomes
            .into_iter()
            .map(|SeedOutcome { seed, result }| match result {
                Ok(id) => format!("{seed}: {id:.4}"),
                Err(error) => format!("{seed}: {error}"),
            })
            .collect()
    }

    #[test]
    fn a_join_without_seeds_is_over() {
        let (mut joins, ticket) = joins(&[]);
        assert!(joins.take(ticket).unwrap().is_empty());
    }

    #[test]
    fn outcomes_come_together_and_in_order() {
        let (mut joins, ticket) = joins(&["a:1", "b:1"]);
        joins.unresolved(Place { ticket, index: 1 }, io::Error::other("no such name"));
        assert!(joins.take(ticket).is_none(), "a is still missing");
        joins.unresolved(Place { ticket, index: 0 }, io::Error::other("nor this"));
        assert_eq!(
            results(&mut joins, ticket),
            ["a:1: cannot be resolved: nor this", "b:1: cannot be resolved: no such name"]
        );
        assert!(joins.take(ticket).is_none(), "taken");
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let (mut joins, ticket) = joins(&["a:1"]);
        assert_eq!(joins.deadline(), Some(Instant::ORIGIN + TIMEOUT));
        joins.expire(Instant::from_micros(2_999_999));
        assert!(joins.take(ticket).is_none());
        joins.expire(Instant::from_micros(3_000_000));
        assert_eq!(joins.deadline(), None);
        // The name that resolves at last is no longer waited for.
        joins.unresolved(Place { ticket, index: 0 }, io::Error::other("late"));
        assert_eq!(results(&mut joins, ticket), ["a:1: cannot be resolved: no answer in time"]);
    }

    #[test]
    fn a_stop_ends_all() {
        let (mut joins, ticket) = joins(&["a:1"]);
        joins.stop();
        assert_eq!(results(&mut joins, ticket), ["a:1: this node has stopped"]);
    }

    #[test]
    fn who_no_longer_waits_leaves_nothing_behind() {
        let (mut joins, ticket) = joins(&["a:1"]);
        joins.forget(ticket);
        joins.unresolved(Place { ticket, index: 0 }, io::Error::other("late"));
        assert_eq!((joins.deadline(), joins.open.len()), (None, 0));
    }
}
