//! An idle cluster: its speed and memory.

use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::{Conditions, Error, Outcome, nodes, traffic_curve};
use gossip_sim::{Sim, SimConfig};

/// Runs an idle, settled cluster. Measures the speed of its simulation, core included, and its
/// memory.
#[derive(Clone, Copy, Debug, Args)]
pub struct Scale {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// Approximate number of packets to measure.
const PACKETS: u64 = 4_000_000;

/// The figures. Memory is the growth of the process in RAM until after the measurement: the nodes
/// and the simulation around them. It comes from the resident pages of `/proc/self/statm` on Linux.
/// Time is wall time.
#[derive(Serialize)]
struct Figures {
    nodes: usize,
    packets_per_second: f64,
    ns_per_packet: f64,
    bytes_per_node: Option<f64>,
    bytes_per_known_member: Option<f64>,
    /// Virtual seconds per second of wall time.
    realtime_factor: f64,
    /// Datagrams, and bytes of their payload, that an idle node sends per second.
    idle_datagrams: f64,
    idle_bytes: f64,
}

impl Scale {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, conditions } = *self;
        let memory = resident();
        let set_up = SimConfig { checks: false, ..conditions.sim(seed, nodes) };
        let mut sim = Sim::cluster(nodes, set_up, &conditions.config());
        sim.join_all(Duration::from_secs(1));
        sim.run_until(Duration::from_secs(300), Sim::all_know_all)
            .ok_or("all know all: not in time")?;
        sim.run_for(Duration::from_secs(15));

        // Two packets per node and second.
        let span = Duration::from_secs((PACKETS / (2 * nodes as u64)).clamp(2, 3_600));
        let first = super::seconds(&sim);
        let (sent, delivered, begin) = (sim.total_traffic(), sim.delivered(), Instant::now());
        sim.run_for(span);
        let took = begin.elapsed().as_secs_f64();
        let (sent, packets) = (sim.total_traffic() - sent, (sim.delivered() - delivered) as f64);
        let taken =
            resident().zip(memory).map(|(after, before)| after.saturating_sub(before) as f64);
        let share = nodes as f64 * span.as_secs_f64();
        let figures = Figures {
            nodes,
            packets_per_second: packets / took,
            ns_per_packet: took * 1e9 / packets,
            bytes_per_node: taken.map(|bytes| bytes / nodes as f64),
            bytes_per_known_member: taken.map(|bytes| bytes / (nodes * (nodes - 1)) as f64),
            realtime_factor: span.as_secs_f64() / took,
            idle_datagrams: sent.datagrams as f64 / share,
            idle_bytes: sent.bytes() as f64 / share,
        };
        Outcome::new(figures, traffic_curve(&sim, first, nodes))
    }
}

/// Returns the bytes of this process in RAM; `None` on systems without `/proc/self/statm`.
fn resident() -> Option<u64> {
    /// Size of the pages that statm counts, on common systems.
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
