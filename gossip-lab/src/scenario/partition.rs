//! Two halves are separated, and meet again.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Error, Outcome, follow, known_share, nodes, within};
use gossip_sim::Sim;

/// Two halves are separated, and meet again.
#[derive(Clone, Copy, Debug, Args)]
pub struct Partition {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// Minutes of the separation.
    #[arg(long, default_value_t = 10)]
    pub minutes: u64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Seconds from the end of the cut until all list all again.
    all_know_s: f64,
    /// Seconds from the end of the cut until all fingerprints are equal.
    equal_s: f64,
    /// Bytes that a node sent from the end of the cut until then.
    packets_per_node: f64,
    bytes_per_node: f64,
}

impl Partition {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, minutes, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        sim.cut(move |from, to| (from < nodes / 2) != (to < nodes / 2));
        sim.run_for(Duration::from_secs(60 * minutes));
        sim.heal();
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        let limit = Duration::from_secs(600);
        let label = "pairs that know each other, %";
        let (took, curve) = follow(&mut sim, limit, label, known_share, Sim::all_know_all);
        let all_know_s = within(took, "all know all")?;
        while sim.converged().is_err() && super::seconds(&sim) < begin + 1_200.0 {
            sim.run_for(Duration::from_millis(100));
        }
        sim.converged()?;
        let sent = sim.total_traffic() - before;
        let figures = Figures {
            nodes,
            all_know_s,
            equal_s: super::seconds(&sim) - begin,
            packets_per_node: (sent.datagrams + sent.frames) as f64 / nodes as f64,
            bytes_per_node: sent.bytes() as f64 / nodes as f64,
        };
        Outcome::new(figures, curve)
    }
}
