//! One node crashes.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes, within};
use gossip_sim::LoggedEvent;

/// Crashes one node of a settled cluster.
#[derive(Clone, Copy, Debug, Args)]
pub struct Crash {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Seconds until the first and the last node no longer list it as live.
    first_notice_s: f64,
    last_notice_s: f64,
}

impl Crash {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        sim.run_for(Duration::from_millis(seed.wrapping_mul(37) % 4_000));
        let victim = (seed % (nodes as u64 - 1)) as usize + 1;
        let (begin, id) = (super::seconds(&sim), sim.id(victim));
        sim.record(move |told| told.failed().is_some_and(|member| member.id() == id));
        let notices = sim.crash_and_watch(victim, Duration::from_secs(300));
        let figures = Figures {
            nodes,
            first_notice_s: within(notices.first, "the first notice")?,
            last_notice_s: within(notices.last, "the last notice")?,
        };
        let share = |(place, told): (usize, LoggedEvent)| {
            let since = told.at.as_micros() as f64 / 1e6 - begin;
            (since, 100.0 * (place + 1) as f64 / (nodes - 1) as f64)
        };
        let points = sim.take_log().into_iter().enumerate().map(share).collect();
        let label = "nodes that know of the crash, %";
        Outcome::new(figures, Curve { label, points, ..Curve::default() })
    }
}
