//! Nodes come and go, and departed ones are forgotten.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Error, Outcome, nodes, traffic_curve};
use gossip_sim::{Sim, local};

/// Replaces one node in five each minute, for two retention times; half of them leave, half crash.
/// One retention time later no node should remember them.
#[derive(Clone, Copy, Debug, Args)]
pub struct Churn {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// Retention of departed members, in seconds.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(60..=3_600))]
    pub grace: u64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    replaced: usize,
    /// Seconds beyond the retention, after the last replacement, until all departed members were
    /// forgotten.
    forgotten_s: f64,
    /// Number of reports that a running node had failed.
    false_deaths: u64,
    bytes_per_node_and_second: f64,
}

impl Churn {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, grace, conditions } = *self;
        let grace = Duration::from_secs(grace);
        let config = conditions.config().with(|config| config.members.retention = grace);
        let mut sim = conditions.settled_cluster(seed, nodes, &config)?;
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        let each = (nodes / 5).max(1);
        let pace = Duration::from_secs(60) / each as u32;
        let replaced = (2 * grace.as_micros() / pace.as_micros()) as usize;
        for gone in 0..replaced {
            if gone % 2 == 0 {
                sim.leave(gone);
            } else {
                sim.crash(gone);
            }
            let index = sim.add(local(sim.len()), config.clone());
            sim.join(index, [index - 1, index - 2]);
            sim.run_for(pace);
        }
        let took = super::seconds(&sim) - begin;
        let sent = sim.total_traffic() - before;
        let last = super::seconds(&sim);
        sim.run_for(grace);
        let remembered = |sim: &Sim| sim.present().any(|i| sim.node(i).members().count() > nodes);
        while remembered(&sim) {
            if super::seconds(&sim) > last + 3.0 * grace.as_secs_f64() {
                return Err("somebody is remembered two graces too long".into());
            }
            sim.run_for(Duration::from_secs(1));
        }
        let forgotten_s = super::seconds(&sim) - last - grace.as_secs_f64();
        sim.converged()?;
        let figures = Figures {
            nodes,
            replaced,
            forgotten_s,
            false_deaths: sim.false_deaths(),
            bytes_per_node_and_second: sent.bytes() as f64 / nodes as f64 / took,
        };
        Outcome::new(figures, traffic_curve(&sim, begin, nodes))
    }
}
