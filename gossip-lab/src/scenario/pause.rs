//! One process is paused, and resumes.

use std::time::Duration;

use clap::{Args, value_parser};
use gossip_core::Status;
use serde::Serialize;

use super::statistics::quantile;
use super::{Conditions, Curve, Error, Outcome, nodes};
use gossip_sim::Sim;

/// Pauses the process of one node. Measures whether it declares others dead when it resumes,
/// whether they declare it dead, and how soon all see it up again. One pause follows another, of
/// another node each time.
#[derive(Clone, Debug, Args)]
pub struct Pause {
    /// Number of nodes.
    #[arg(long, default_value_t = 100, value_parser = nodes)]
    pub nodes: usize,
    /// Lengths of the pauses in seconds, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 3, 5, 10, 20, 30, 60],
          value_parser = value_parser!(u64).range(1..=3_600))]
    pub seconds: Vec<u64>,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// Time after a pause in which false verdicts count, and time before the next pause.
const AFTER: Duration = Duration::from_secs(60);

/// Time between two checks whether all see it up.
const STEP: Duration = Duration::from_millis(10);

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Verdicts of paused nodes against others.
    false_deaths: usize,
    all_see_it_up_s_max: f64,
    pauses: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    seconds: u64,
    /// Number of others that the node reported dead after its pause.
    false_deaths: usize,
    /// Number of others that reported its death during the pause, and afterwards.
    told_dead_asleep: usize,
    told_dead_awake: usize,
    /// Seconds from the end of the pause until all others see it up.
    all_see_it_up_s: f64,
}

impl Pause {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, conditions, .. } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        sim.record(|told| told.failed().is_some());
        let mut pauses = Vec::new();
        for (&seconds, number) in self.seconds.iter().zip(0..) {
            let sleeper = (seed.wrapping_add(number) % nodes as u64) as usize;
            pauses.push(pause(&mut sim, sleeper, seconds)?);
        }
        let returns: Vec<f64> = pauses.iter().map(|row| row.all_see_it_up_s).collect();
        let point = |row: &Row| (row.seconds as f64, row.all_see_it_up_s);
        let mut points: Vec<_> = pauses.iter().map(point).collect();
        points.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
        let label = "seconds until all see it up, by those of its sleep";
        let curve = Curve { label, points, ..Curve::default() };
        let figures = Figures {
            nodes,
            false_deaths: pauses.iter().map(|row| row.false_deaths).sum(),
            all_see_it_up_s_max: quantile(&returns, 1.0),
            pauses,
        };
        Outcome::new(figures, curve)
    }
}

fn pause(sim: &mut Sim, sleeper: usize, seconds: u64) -> Result<Row, Error> {
    sim.take_log();
    let id = sim.id(sleeper);
    sim.pause(sleeper);
    sim.run_for(Duration::from_secs(seconds));
    let woken = sim.now();
    sim.resume(sleeper);
    let up = |sim: &Sim| {
        let status = |index| sim.node(index).member(&id).map(|member| member.status());
        (0..sim.len()).all(|index| status(index) == Some(Status::Up))
    };
    while !up(sim) {
        if sim.now() > woken + AFTER {
            return Err("all see it up: not in time".into());
        }
        sim.run_for(STEP);
    }
    let took = sim.now().saturating_duration_since(woken);
    sim.run_for(AFTER);
    let log = sim.take_log();
    let about_it = |after: bool| {
        let told = log.iter().filter(|told| told.failed().is_some_and(|m| m.id() == id));
        told.filter(|told| (told.at >= woken) == after).count()
    };
    Ok(Row {
        seconds,
        false_deaths: log.iter().filter(|told| told.node == sleeper).count(),
        told_dead_asleep: about_it(false),
        told_dead_awake: about_it(true),
        all_see_it_up_s: took.as_secs_f64(),
    })
}
