//! One run of one cluster, in a process of its own, which is what is measured.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::clusters::{Cluster, Counts, FocaCluster, GossipCluster};

/// How often the nodes are looked at until they have met: the resolution of that time.
const TICK: Duration = Duration::from_millis(5);

/// How long the cluster is left alone before the idle window begins.
const CALM: Duration = Duration::from_secs(5);

/// What is measured: ours by their adapters, and foca on tokio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    Tokio,
    Smol,
    AsyncStd,
    StdThreads,
    Foca,
}

/// What one run came to. Everything but times and errors is for one node, all idle figures but the
/// memory are for a second.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Until all knew all, if that came within the limit. The figures of the meeting are until
    /// then, or up to the limit.
    pub(crate) meet_s: Option<f64>,
    pub(crate) meet_cpu_ms: f64,
    pub(crate) meet_packets: f64,
    pub(crate) meet_bytes: f64,
    pub(crate) meet_requests: f64,
    pub(crate) idle_cpu_us: f64,
    pub(crate) idle_packets: f64,
    pub(crate) idle_bytes: f64,
    pub(crate) idle_requests: f64,
    pub(crate) resident_kib: f64,
    /// Those of the process, the one that measures included; where the system tells.
    pub(crate) threads: Option<f64>,
    /// Inputs refused by any node from the start to the end.
    pub(crate) errors: f64,
}

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) nodes: usize,
    /// From the first join to the last.
    pub(crate) spread: Duration,
    /// How long the idle window is.
    pub(crate) window: Duration,
    /// How long the nodes may take to meet.
    pub(crate) limit: Duration,
}

/// Runs a cluster in this process.
pub(crate) fn run(system: System, task: Task) -> Result<Run, Error> {
    match system {
        System::Tokio => measure(task, GossipCluster::on_tokio),
        System::Smol => measure(task, GossipCluster::on_smol),
        System::AsyncStd => measure(task, GossipCluster::on_async_std),
        System::StdThreads => measure(task, GossipCluster::on_threads),
        System::Foca => measure(task, FocaCluster::start),
    }
}

fn measure<C: Cluster>(task: Task, start: fn(usize) -> Result<C, Error>) -> Result<Run, Error> {
    let nodes = task.nodes as f64;
    let empty = resident()?;
    let mut cluster = start(task.nodes)?;

    let (begin, cpu) = (Instant::now(), ProcessTime::now());
    for index in 0..task.nodes {
        let at = task.spread * index as u32 / task.nodes as u32;
        sleep(at.saturating_sub(begin.elapsed()));
        cluster.join(index);
    }
    let met = meet(&cluster, task, begin);
    let (meet_cpu, meet) = (cpu.elapsed(), cluster.counts());

    sleep(CALM);
    let (begin, cpu, before) = (Instant::now(), ProcessTime::now(), cluster.counts());
    sleep(task.window);
    let (idle_cpu, seconds) = (cpu.elapsed(), begin.elapsed().as_secs_f64());
    let (full, threads) = (resident()?, threads());
    let after = cluster.counts();

    let each = |count: u64| count as f64 / nodes;
    let rate = |count: fn(&Counts) -> u64| each(count(&after) - count(&before)) / seconds;
    Ok(Run {
        meet_s: met.map(|time| time.as_secs_f64()),
        meet_cpu_ms: meet_cpu.as_secs_f64() * 1e3 / nodes,
        meet_packets: each(meet.packets),
        meet_bytes: each(meet.bytes),
        meet_requests: each(meet.requests),
        idle_cpu_us: idle_cpu.as_secs_f64() * 1e6 / nodes / seconds,
        idle_packets: rate(|counts| counts.packets),
        idle_bytes: rate(|counts| counts.bytes),
        idle_requests: rate(|counts| counts.requests),
        resident_kib: (full as f64 - empty as f64) / 1024.0 / nodes,
        threads: threads.map(|threads| threads as f64 / nodes),
        errors: after.errors as f64,
    })
}

/// When all knew all.
fn meet(cluster: &impl Cluster, task: Task, begin: Instant) -> Option<Duration> {
    while begin.elapsed() < task.limit {
        if cluster.all_know(task.nodes - 1) {
            return Some(begin.elapsed());
        }
        sleep(TICK);
    }
    None
}

/// What of this process is in memory, in bytes.
fn resident() -> Result<usize, Error> {
    let stats = memory_stats::memory_stats().ok_or("the system does not tell our memory")?;
    Ok(stats.physical_mem)
}

/// How many threads this process has, on Linux.
fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}
