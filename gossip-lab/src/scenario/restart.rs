//! Half of the nodes restart at once.

use std::time::Duration;

use clap::Args;
use gossip_core::Epoch;
use serde::Serialize;

use super::{Conditions, Error, Outcome, follow, known_share, nodes, within};
use gossip_sim::Sim;

/// Restarts half of the nodes at once, each through one that does not restart.
#[derive(Clone, Copy, Debug, Args)]
pub struct Restart {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// Seconds of checks afterwards that no old life returns.
    #[arg(long, default_value_t = 60)]
    pub watch: u64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    restarted: usize,
    /// Seconds until all list all in their new lives.
    all_know_s: f64,
    /// Seconds until all have settled.
    settled_s: f64,
    /// Bytes that a node sent until then.
    packets_per_node: f64,
    bytes_per_node: f64,
    /// Number of reports that a running node had failed.
    false_deaths: u64,
}

impl Restart {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, watch, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        let half = nodes / 2;
        for index in nodes - half..nodes {
            sim.restart(index, Epoch::new(2).unwrap_or_default());
            sim.join(index, [index - half]);
        }
        let limit = Duration::from_secs(120);
        let label = "pairs that know each other, %";
        let (took, curve) = follow(&mut sim, limit, label, known_share, Sim::all_know_all);
        let all_know_s = within(took, "all know all")?;
        let settled = sim.run_until(limit, |sim| sim.all_know_all() && sim.all_settled());
        within(settled, "all settle")?;
        let (settled_s, sent) = (super::seconds(&sim) - begin, sim.total_traffic() - before);
        // The checks of the simulation panic if an old life returns.
        sim.run_for(Duration::from_secs(watch));
        sim.converged()?;
        let figures = Figures {
            nodes,
            restarted: half,
            all_know_s,
            settled_s,
            packets_per_node: (sent.datagrams + sent.frames) as f64 / nodes as f64,
            bytes_per_node: sent.bytes() as f64 / nodes as f64,
            false_deaths: sim.false_deaths(),
        };
        Outcome::new(figures, curve)
    }
}
