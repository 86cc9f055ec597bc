//! All nodes join at once through one.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Error, Outcome, follow, known_share, nodes, within};
use gossip_sim::Sim;

/// All nodes join at once through one.
#[derive(Clone, Copy, Debug, Args)]
pub struct Join {
    /// Number of nodes, the seed included.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// The network.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// The figures. Bytes are payload, requests and replies included.
#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Seconds until all list all as live.
    all_know_s: f64,
    /// Mean number of datagrams and frames that a node sent until then.
    packets_per_node: f64,
    bytes_per_node: f64,
    /// Bytes that the seed sent.
    seed_bytes: u64,
}

impl Join {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, conditions } = *self;
        let mut sim = Sim::cluster(nodes, conditions.sim(seed, nodes), &conditions.config());
        sim.join_all(Duration::ZERO);
        let limit = Duration::from_secs(300);
        let label = "pairs that know each other, %";
        let (took, curve) = follow(&mut sim, limit, label, known_share, Sim::all_know_all);
        let all = sim.total_traffic();
        let figures = Figures {
            nodes,
            all_know_s: within(took, "all know all")?,
            packets_per_node: (all.datagrams + all.frames) as f64 / nodes as f64,
            bytes_per_node: all.bytes() as f64 / nodes as f64,
            seed_bytes: sim.traffic(0).bytes(),
        };
        Outcome::new(figures, curve)
    }
}
