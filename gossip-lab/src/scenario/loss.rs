//! No node fails, but packets are lost.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::statistics::poisson_upper95;
use super::{Conditions, Curve, Error, OnOff, Outcome, Samples, nodes};
use gossip_sim::{LoggedEvent, Sim};

/// Loses packets while no node fails. Counts suspicions and false deaths.
#[derive(Clone, Copy, Debug, Args)]
pub struct Loss {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// Minutes of the run.
    #[arg(long, default_value_t = 60, conflicts_with = "hours")]
    pub minutes: u64,
    /// Hours of the run.
    #[arg(long)]
    pub hours: Option<u64>,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    loss: f64,
    requests: &'static str,
    hours: f64,
    #[serde(flatten)]
    pooled: Pooled,
    /// Incarnations that a node declared dead.
    false_deaths: usize,
    /// Number of reports of them.
    false_deaths_told: u64,
    suspicions: u64,
    bytes_per_node_and_second: f64,
}

/// Figures of all trials together.
#[derive(Serialize)]
pub(super) struct Pooled {
    false_deaths_per_member_hour: f64,
    /// Upper bound of the rate at 95 % confidence.
    upper95: f64,
}

impl Pooled {
    pub(super) fn new(samples: &Samples) -> Self {
        let [deaths, hours] =
            ["deaths", "hours"].map(|name| samples.get(name).into_iter().flatten().sum::<f64>());
        Self {
            false_deaths_per_member_hour: deaths / hours,
            upper95: poisson_upper95(deaths as u64) / hours,
        }
    }
}

impl Loss {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, minutes, hours, conditions } = *self;
        let minutes = hours.map_or(minutes, |hours| 60 * hours);
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        let suspicions = |sim: &Sim| {
            (0..nodes).map(|i| sim.node(i).stats().detector.suspicions_raised).sum::<u64>()
        };
        let (raised, told) = (suspicions(&sim), sim.false_deaths());
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        sim.record(|told| told.failed().is_some());
        let (mut points, mut known) = (Vec::new(), raised);
        for minute in 1..=minutes {
            sim.run_for(Duration::from_secs(60));
            let earlier = std::mem::replace(&mut known, suspicions(&sim));
            points.push((60.0 * minute as f64, (known - earlier) as f64));
        }
        let log = sim.take_log();
        let victims = log.iter().filter_map(LoggedEvent::failed);
        let mut victims: Vec<_> =
            victims.map(|member| (member.id(), member.incarnation())).collect();
        victims.sort_unstable();
        victims.dedup();
        let hours = minutes as f64 / 60.0;
        let samples = Samples::from([
            ("deaths", vec![victims.len() as f64]),
            ("hours", vec![nodes as f64 * hours]),
        ]);
        let sent = (sim.total_traffic() - before).bytes() as f64;
        let figures = Figures {
            nodes,
            loss: conditions.loss,
            requests: if conditions.requests == OnOff::On { "on" } else { "off" },
            hours,
            pooled: Pooled::new(&samples),
            false_deaths: victims.len(),
            false_deaths_told: sim.false_deaths() - told,
            suspicions: known - raised,
            bytes_per_node_and_second: sent / nodes as f64 / (super::seconds(&sim) - begin),
        };
        let label = "suspicions in the minute before";
        let curve = Curve { label, points, ..Curve::default() };
        Ok(Outcome { samples, ..Outcome::new(figures, curve)? })
    }
}
