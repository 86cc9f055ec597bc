//! Nobody fails, but packets are lost.

use std::time::Duration;

use clap::Args;
use gossip_core::Event;
use serde::Serialize;

use super::{Conditions, Error, Outcome, nodes, traffic_curve};
use crate::{Occurrence, Sim};

/// Nobody fails, but packets are lost: who is suspected, and who is declared dead.
#[derive(Clone, Copy, Debug, Args)]
pub struct Loss {
    /// How many nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// For how many minutes.
    #[arg(long, default_value_t = 60)]
    pub minutes: u64,
    /// The network, once the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Points of somebody's life that somebody declared dead.
    false_deaths: usize,
    /// How often somebody told of one.
    false_deaths_told: u64,
    suspicions: u64,
    bytes_per_node_and_second: f64,
}

impl Loss {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, minutes, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        let suspicions =
            |sim: &Sim| (0..nodes).map(|i| sim.node(i).stats().suspicions_raised).sum::<u64>();
        let (raised, told) = (suspicions(&sim), sim.false_deaths());
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        sim.record(|occurrence| matches!(occurrence.event, Event::MemberFailed(..)));
        sim.run_for(Duration::from_secs(60 * minutes));
        let victim = |told: Occurrence| match told.event {
            Event::MemberFailed(member, _) => Some((member.id(), member.incarnation())),
            _ => None,
        };
        let mut victims: Vec<_> = sim.take_log().into_iter().filter_map(victim).collect();
        victims.sort_unstable();
        victims.dedup();
        let sent = (sim.total_traffic() - before).bytes() as f64;
        let figures = Figures {
            nodes,
            false_deaths: victims.len(),
            false_deaths_told: sim.false_deaths() - told,
            suspicions: suspicions(&sim) - raised,
            bytes_per_node_and_second: sent / nodes as f64 / (super::seconds(&sim) - begin),
        };
        Outcome::new(figures, traffic_curve(&sim, begin, nodes))
    }
}
