//! Our own nodes in our simulation, which join through node 0.

use std::time::Duration;

use gossip_core::Config;
use gossip_sim::{Network, Sim, SimConfig, Traffic};

use super::Nodes;
use crate::clusters::errors;

/// Starts a cluster that begins to join, without checks of the protocol's laws.
pub(super) fn start(size: u32, network: Network, seed: u64) -> Sim {
    let set_up = SimConfig { checks: false, ..SimConfig::new(seed).network(network) };
    let mut sim = Sim::cluster(size as usize, set_up, &Config::lan());
    sim.join_all(Duration::ZERO);
    sim
}

impl Nodes for Sim {
    fn run_for(&mut self, duration: Duration) {
        self.run_for(duration);
    }

    fn run_until_all_know_all(&mut self, limit: Duration) -> Option<Duration> {
        self.run_until(limit, Self::all_know_all)
    }

    fn traffic(&self, number: usize) -> Traffic {
        self.traffic(number)
    }

    fn delivered(&self) -> u64 {
        self.delivered()
    }

    fn errors(&self) -> u64 {
        self.present().map(|number| errors(self.node(number).stats())).sum()
    }
}
