//! The fingerprint of a run, equal on all machines.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Error, Outcome, nodes, traffic_curve};
use gossip_sim::{Latency, Network, Sim, SimConfig};

/// Runs a cluster with loss, duplication, reordering and a crash. Prints a fingerprint that is the
/// same in every process, build and machine.
#[derive(Clone, Copy, Debug, Args)]
pub struct Trace {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Fingerprint and number of all delivered packets.
    trace: String,
    delivered: u64,
}

impl Trace {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let network = Network {
            latency: Latency::LogNormal { median: Duration::from_millis(2), sigma: 0.7 },
            duplicate: 0.01,
            reorder: 0.01,
            ..Network::lan().loss(0.1)
        };
        let set_up = SimConfig::new(seed).network(network);
        let mut sim = Sim::cluster(self.nodes, set_up, &gossip_core::Config::lan());
        sim.join_all(Duration::from_secs(1));
        sim.run_for(Duration::from_secs(10));
        sim.crash(1);
        sim.run_for(Duration::from_secs(10));
        let trace = format!("{:016x}", sim.trace());
        let figures = Figures { nodes: self.nodes, trace, delivered: sim.delivered() };
        Outcome::new(figures, traffic_curve(&sim, 0.0, self.nodes))
    }
}
