//! One run of one cluster, in a process of its own, which is measured.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::clusters::{Cluster, Counts, FocaCluster, GossipCluster};

/// Time between two looks at the nodes until they have met: the resolution of that time.
const TICK: Duration = Duration::from_millis(5);

/// Time before the idle window begins.
const CALM: Duration = Duration::from_secs(5);

/// The measured systems: ours by adapter, and foca on tokio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    Tokio,
    Smol,
    AsyncStd,
    StdThreads,
    Foca,
}

/// The result of one run. All figures except times and errors are per node. Idle figures except
/// memory are per second.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Time until all nodes knew all, if within the limit. The figures of the meeting count until
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
    /// Threads of the process, the measuring one included, where the system tells.
    pub(crate) threads: Option<f64>,
    /// Inputs that any node refused in the whole run.
    pub(crate) errors: f64,
}

/// The parameters of a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) nodes: usize,
    /// Time from the first join to the last.
    pub(crate) spread: Duration,
    /// Length of the idle window.
    pub(crate) window: Duration,
    /// Time limit for the nodes to meet.
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

/// Waits until all nodes know all. Returns the time.
fn meet(cluster: &impl Cluster, task: Task, begin: Instant) -> Option<Duration> {
    while begin.elapsed() < task.limit {
        if cluster.all_know(task.nodes - 1) {
            return Some(begin.elapsed());
        }
        sleep(TICK);
    }
    None
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> Result<usize, Error> {
    let stats = memory_stats::memory_stats().ok_or("the system does not report memory use")?;
    Ok(stats.physical_mem)
}

/// Returns the number of threads of this process, on Linux.
fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}
