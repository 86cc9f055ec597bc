//! Clusters of both systems in the same simulated network, one after the other in this thread.

mod foca;
mod gossip;
mod run;

use std::time::Duration;

use clap::{Args, value_parser};
use foca::FocaNodes;
use gossip_sim::Network;
use run::{LIMIT, Nodes, Run, Task, run};
use serde_json::json;

use crate::{Error, table};

/// Approximate number of packets in the idle window, unless a minute has more.
const PACKETS: u64 = 1_000_000;

/// Options of a measurement of clusters in a simulated network.
#[derive(Clone, Copy, Debug, Args)]
pub struct Simulated {
    /// Number of nodes, 2 to 4000.
    #[arg(long, value_name = "N", default_value_t = 128)]
    #[arg(value_parser = value_parser!(u32).range(2..=4_000))]
    nodes: u32,
    /// Probability that a packet is lost, 0 to 1.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    loss: f64,
    /// The seed of all randomness.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Time limit of each system in seconds of wall time, 1 to 3600.
    #[arg(long, value_name = "S", default_value_t = 120)]
    #[arg(value_parser = value_parser!(u32).range(1..=3_600))]
    wall_limit: u32,
    /// Print the figures as one JSON object only.
    #[arg(long)]
    json: bool,
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("it must be from 0 to 1".into()),
    }
}

/// Measures a cluster of each system and prints the results.
///
/// # Errors
///
/// Fails if the figures cannot be written.
pub fn measure(simulated: Simulated) -> Result<(), Error> {
    let Simulated { nodes, loss, seed, wall_limit, json } = simulated;
    let wall_limit = Duration::from_secs(wall_limit.into());
    let task = Task { nodes, window: window(nodes), wall_limit };
    let [ours, theirs] = both(task, loss, seed);
    if json {
        let systems = json!({ "gossip": ours, "foca": theirs });
        let seconds = task.window.as_secs();
        let object = json!({
            "nodes": nodes, "loss": loss, "seed": seed, "seconds": seconds, "systems": systems,
        });
        println!("{object}");
    } else {
        print(simulated, task, &ours, &theirs);
    }
    Ok(())
}

/// Returns the idle window at two packets per node and second: at least a minute, and an even
/// number of the half minutes after which foca's nodes announce themselves.
fn window(nodes: u32) -> Duration {
    const MINUTE: u64 = 60;
    let minutes = (PACKETS / (2 * u64::from(nodes))).div_ceil(MINUTE);
    Duration::from_secs(minutes * MINUTE)
}

/// Returns the network of both systems, with the same seed.
fn both(task: Task, loss: f64, seed: u64) -> [Run; 2] {
    let network = Network::lan().loss(loss);
    let ours = run(task, || gossip::start(task.nodes, network, seed));
    let theirs = run(task, || FocaNodes::new(task.nodes, network, seed));
    [ours, theirs]
}

/// A figure: title, decimals to show, and accessor.
struct Figure(&'static str, usize, fn(&Run) -> Option<f64>);

const FIGURES: [Figure; 8] = [
    Figure("  packets until then", 1, |run| run.join.map(|join| join.packets_per_node)),
    Figure("  bytes until then", 0, |run| run.join.map(|join| join.bytes_per_node)),
    Figure("  bytes sent by the seed", 0, |run| run.join.map(|join| join.seed_bytes as f64)),
    Figure("idle: datagrams sent / s", 2, |run| run.idle.map(|idle| idle.datagrams)),
    Figure("  bytes sent / s", 1, |run| run.idle.map(|idle| idle.bytes)),
    Figure("  ns per simulated packet", 0, |run| run.speed.map(|speed| speed.ns_per_packet)),
    Figure("  packets per s of the wall", 0, |run| run.speed.map(|speed| speed.packets_per_second)),
    Figure("inputs refused, requests failed", 0, |run| run.idle.map(|idle| idle.errors as f64)),
];

fn print(simulated: Simulated, task: Task, ours: &Run, theirs: &Run) {
    let Simulated { nodes, loss, seed, wall_limit, .. } = simulated;
    let seconds = task.window.as_secs();
    println!(
        "{nodes} nodes in one simulated network, 0.5 to 2 ms one way, loss {loss}, seed {seed};"
    );
    println!("all join at once through one, idle for {seconds} s; per node, but for the seed");
    let mut table = table::new(&["", "gossip", "foca"]);
    table.add_row(["all know all, s".to_owned(), meeting(ours), meeting(theirs)]);
    for Figure(title, decimals, of) in &FIGURES {
        let value = |run| of(run).filter(|value| value.is_finite());
        let cell = |run| value(run).map_or("-".to_owned(), |value| table::number(value, *decimals));
        table.add_row([(*title).to_owned(), cell(ours), cell(theirs)]);
    }
    println!("{}", table::right(table));
    for (name, run) in [("gossip", ours), ("foca", theirs)] {
        if let Some(at) = run.stopped_at_s {
            println!(
                "{name} was stopped after {wall_limit} s of the wall, {at:.1} s of its own time"
            );
        }
    }
}

fn meeting(run: &Run) -> String {
    let Some(join) = run.join else { return "-".to_owned() };
    let never = || format!("not in {} s", LIMIT.as_secs());
    join.all_know_s.map_or_else(never, |time| table::number(time, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(loss: f64, seed: u64) -> [Run; 2] {
        let window = Duration::from_secs(60);
        both(Task { nodes: 16, window, wall_limit: Duration::from_secs(100) }, loss, seed)
    }

    #[test]
    fn both_systems_meet_without_errors() {
        for run in small(0.0, 1) {
            let (join, idle) = (run.join.unwrap(), run.idle.unwrap());
            assert!(join.all_know_s.is_some(), "{join:?}");
            assert!(idle.datagrams > 1.0 && idle.errors == 0, "{idle:?}");
        }
    }

    #[test]
    fn seed_determines_figures() {
        let figures = |seed| small(0.1, seed).map(|run| (run.join, run.idle));
        let [ours, theirs] = figures(1);
        assert_eq!(figures(1), [ours, theirs]);
        let others = figures(2);
        assert!(others[0] != ours && others[1] != theirs);
    }

    #[test]
    fn wall_limit_ends_run() {
        let task = Task { nodes: 16, window: window(16), wall_limit: Duration::ZERO };
        for run in both(task, 1.0, 1) {
            assert!(run.join.is_none() && run.idle.is_none() && run.stopped_at_s.is_some());
        }
    }
}
