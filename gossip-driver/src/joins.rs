//! Joins in progress, with one outcome per seed.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use gossip_core::{Instant, JoinError, JoinId, NodeId};

use crate::{Report, SeedError};

/// The outcome of one seed of a join.
#[derive(Debug)]
#[non_exhaustive]
pub struct SeedOutcome {
    /// The seed, as given.
    pub seed: String,
    /// The id of the node that answered there, or the reason why none did. A seed that is this
    /// node's own address answers with its own id.
    pub result: Result<NodeId, SeedError>,
}

impl Display for SeedOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(id) => write!(f, "joined through {id:.8} at {}", self.seed),
            Err(error) => write!(f, "{} did not admit us: {}", self.seed, Report(error)),
        }
    }
}

/// The position of one seed of one join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeedSlot {
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

/// The joins in progress, by ticket. An entry lives until the caller takes its outcomes or stops
/// waiting.
#[derive(Debug)]
pub(crate) struct Joins {
    in_progress: BTreeMap<u64, Vec<(String, Progress)>>,
    next: u64,
    /// Time for the resolution of names. The core has the same timeout for the seeds.
    timeout: Duration,
}

impl Joins {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { in_progress: BTreeMap::new(), next: 0, timeout }
    }

    /// Begins a join through `seeds`. Returns its ticket.
    pub(crate) fn begin(&mut self, now: Instant, seeds: impl IntoIterator<Item = String>) -> u64 {
        let ticket = self.next;
        self.next += 1;
        let deadline = now + self.timeout;
        let seeds = seeds.into_iter().map(|seed| (seed, Progress::Resolving { deadline }));
        self.in_progress.insert(ticket, seeds.collect());
        ticket
    }

    fn resolving(&mut self, slot: SeedSlot) -> Option<&mut Progress> {
        let (_, progress) = self.in_progress.get_mut(&slot.ticket)?.get_mut(slot.index)?;
        matches!(progress, Progress::Resolving { .. }).then_some(progress)
    }

    /// Notes that a seed is resolved, and that `id` is the core's join through its addresses.
    pub(crate) fn asked(&mut self, now: Instant, slot: SeedSlot, id: JoinId) {
        // The core answers within the timeout. Twice that covers an answer lost to a full queue.
        let deadline = now + 2 * self.timeout;
        if let Some(progress) = self.resolving(slot) {
            *progress = Progress::Asked { id, deadline };
        }
    }

    /// Notes that a seed cannot be resolved.
    pub(crate) fn unresolved(&mut self, slot: SeedSlot, reason: io::Error) {
        if let Some(progress) = self.resolving(slot) {
            *progress = Progress::Done(Err(SeedError::Resolve(reason)));
        }
    }

    /// Notes the outcomes of the core's join `id`. A seed with several addresses succeeds by any.
    pub(crate) fn finished(
        &mut self,
        id: JoinId,
        outcomes: &[(SocketAddr, Result<NodeId, JoinError>)],
    ) {
        let is_it = |p: &Progress| matches!(p, Progress::Asked { id: asked, .. } if *asked == id);
        let mut seeds = self.in_progress.values_mut().flatten();
        if let Some((_, progress)) = seeds.find(|(_, progress)| is_it(progress)) {
            let mut results = outcomes.iter().map(|&(_, result)| result);
            let result = results.clone().find(Result::is_ok).or_else(|| results.next_back());
            let result = result.unwrap_or(Err(JoinError::NoAnswer));
            *progress = Progress::Done(result.map_err(SeedError::from));
        }
    }

    /// Returns when to call [`expire`](Self::expire).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.in_progress.values().flatten().filter_map(|(_, progress)| progress.deadline()).min()
    }

    /// Ends what has timed out.
    pub(crate) fn expire(&mut self, now: Instant) {
        for (_, progress) in self.in_progress.values_mut().flatten() {
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

    /// Ends all joins: the node has stopped.
    pub(crate) fn stop(&mut self) {
        for (_, progress) in self.in_progress.values_mut().flatten() {
            if progress.deadline().is_some() {
                *progress = Progress::Done(Err(SeedError::Stopped));
            }
        }
    }

    /// Takes the outcomes in the order of the seeds, once all are there.
    pub(crate) fn take(&mut self, ticket: u64) -> Option<Vec<SeedOutcome>> {
        let seeds = self.in_progress.get(&ticket)?;
        if seeds.iter().any(|(_, progress)| progress.deadline().is_some()) {
            return None;
        }
        let outcome = |(seed, progress)| match progress {
            Progress::Done(result) => Some(SeedOutcome { seed, result }),
            _ => None,
        };
        Some(self.in_progress.remove(&ticket)?.into_iter().filter_map(outcome).collect())
    }

    /// Drops a join after its caller has stopped waiting.
    pub(crate) fn forget(&mut self, ticket: u64) {
        self.in_progress.remove(&ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(3);

    fn joins(seeds: &[&str]) -> (Joins, u64) {
        let mut joins = Joins::new(TIMEOUT);
        let ticket = joins.begin(Instant::ORIGIN, seeds.iter().map(ToString::to_string));
        (joins, ticket)
    }

    fn results(joins: &mut Joins, ticket: u64) -> Vec<String> {
        let outcomes = joins.take(ticket).expect("all outcomes are there");
        outcomes
            .into_iter()
            .map(|SeedOutcome { seed, result }| match result {
                Ok(id) => format!("{seed}: {id:.4}"),
                Err(error) => format!("{seed}: {}", Report(&error)),
            })
            .collect()
    }

    #[test]
    fn join_without_seeds_is_done() {
        let (mut joins, ticket) = joins(&[]);
        assert!(joins.take(ticket).unwrap().is_empty());
    }

    #[test]
    fn outcomes_come_together_in_order() {
        let (mut joins, ticket) = joins(&["a:1", "b:1"]);
        joins.unresolved(SeedSlot { ticket, index: 1 }, io::Error::other("no such name"));
        assert!(joins.take(ticket).is_none(), "a is still missing");
        joins.unresolved(SeedSlot { ticket, index: 0 }, io::Error::other("nor this"));
        assert_eq!(
            results(&mut joins, ticket),
            ["a:1: cannot be resolved: nor this", "b:1: cannot be resolved: no such name"]
        );
        assert!(joins.take(ticket).is_none(), "taken");
    }

    #[test]
    fn join_ends_at_timeout() {
        let (mut joins, ticket) = joins(&["a:1"]);
        assert_eq!(joins.deadline(), Some(Instant::ORIGIN + TIMEOUT));
        joins.expire(Instant::from_micros(2_999_999));
        assert!(joins.take(ticket).is_none());
        joins.expire(Instant::from_micros(3_000_000));
        assert_eq!(joins.deadline(), None);
        // The caller no longer waits for the name, which now fails to resolve.
        joins.unresolved(SeedSlot { ticket, index: 0 }, io::Error::other("late"));
        assert_eq!(results(&mut joins, ticket), ["a:1: cannot be resolved: no answer in time"]);
    }

    #[test]
    fn stop_ends_all_joins() {
        let (mut joins, ticket) = joins(&["a:1"]);
        joins.stop();
        assert_eq!(results(&mut joins, ticket), ["a:1: this node has stopped"]);
    }

    #[test]
    fn cancelled_join_leaves_no_entry() {
        let (mut joins, ticket) = joins(&["a:1"]);
        joins.forget(ticket);
        joins.unresolved(SeedSlot { ticket, index: 0 }, io::Error::other("late"));
        assert_eq!((joins.deadline(), joins.in_progress.len()), (None, 0));
    }
}
