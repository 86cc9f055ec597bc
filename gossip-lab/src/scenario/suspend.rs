//! All processes are paused, and resume.

use std::time::Duration;

use clap::Args;
use gossip_core::{Event, MemberEvent};
use serde::Serialize;

use super::{Conditions, Error, Outcome, nodes, traffic_curve};

/// Pauses all processes at once, as when a laptop with a cluster in it is closed. No node should be
/// declared dead when they resume.
#[derive(Clone, Copy, Debug, Args)]
pub struct Suspend {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// Minutes of the run.
    #[arg(long, default_value_t = 10)]
    pub minutes: u64,
    /// Seconds between the first resumption and the last.
    #[arg(long, default_value_t = 0)]
    pub over: u64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// Time for which the cluster is watched after the last resumption.
const AFTER: Duration = Duration::from_secs(60);

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    minutes: u64,
    /// Number of reported suspicions and deaths.
    suspicions_told: usize,
    false_deaths_told: usize,
    /// Seconds from the last resumption until no node reports a change any more and all are
    /// settled.
    settled_s: f64,
}

impl Suspend {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, minutes, over, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        sim.record(|_| true);
        let begin = super::seconds(&sim);
        (0..nodes).for_each(|index| sim.pause(index));
        sim.run_for(Duration::from_secs(60 * minutes));
        let woken = sim.now();
        for index in 0..nodes {
            sim.run_to(woken + Duration::from_secs(over) * index as u32 / nodes as u32);
            sim.resume(index);
        }
        let woken = sim.now();
        let settled = sim.run_until(AFTER, |sim| sim.all_know_all() && sim.all_settled());
        let settled = settled.ok_or("all settle: not in time")?;
        sim.run_to(woken + AFTER);
        sim.converged()?;
        let log = sim.take_log();
        let last = log.last().map(|told| told.at.saturating_duration_since(woken));
        let told = |which: fn(&Event<u32>) -> bool| log.iter().filter(|t| which(&t.event)).count();
        let figures = Figures {
            nodes,
            minutes,
            suspicions_told: told(|event| {
                matches!(event, Event::Member(MemberEvent::Suspected { .. }))
            }),
            false_deaths_told: told(|event| {
                matches!(event, Event::Member(MemberEvent::Failed { .. }))
            }),
            settled_s: last.unwrap_or_default().max(settled).as_secs_f64(),
        };
        Outcome::new(figures, traffic_curve(&sim, begin, nodes))
    }
}
