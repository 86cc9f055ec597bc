//! One run: a cluster in which some agents are slow at times.

use std::collections::BTreeMap;
use std::time::Duration;

use gossip_core::{Config, NodeId};

use crate::scenario::Error;
use gossip_sim::raw::Random;
use gossip_sim::{Sim, SimConfig, Traffic};

/// Number of agents.
pub(super) const COUNT: usize = 128;

/// Time without anomalies at first.
const QUIET: Duration = Duration::from_secs(15);

/// Minimum time for which anomalies recur, and maximum time for which one is watched.
const WATCHED: Duration = Duration::from_secs(120);

/// Time between two checks whether all have noticed.
const STEP: Duration = Duration::from_millis(100);

/// Number of datagrams that wait for a slow agent: small ones in a socket's buffer of 208 KiB, of
/// which each takes the kernel 768 bytes.
const BACKLOG: usize = 277;

/// A random stream that no node uses.
const STREAM: u64 = u64::MAX - 2;

/// The parameters of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    slow: usize,
    anomaly: Duration,
    /// Time between anomalies; `None` for a single one.
    gap: Option<Duration>,
}

/// Counts of one or many runs.
#[derive(Clone, Default)]
pub(super) struct Tally {
    pub(super) fp: u64,
    pub(super) fp_healthy: u64,
    /// Number of slow agents to notice. For each one noticed, the times of the first agent and of
    /// all.
    pub(super) long: usize,
    pub(super) detect: Vec<f64>,
    pub(super) spread: Vec<f64>,
    pub(super) sent: Traffic,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.fp += other.fp;
        self.fp_healthy += other.fp_healthy;
        self.long += other.long;
        self.detect.extend(other.detect);
        self.spread.extend(other.spread);
        self.sent += other.sent;
    }
}

impl Run {
    pub(super) fn new(slow: usize, anomaly: u64, gap: Option<u64>) -> Self {
        let gap = gap.map(Duration::from_millis);
        Self { slow, anomaly: Duration::from_millis(anomaly), gap }
    }

    /// Makes the run. Its seed also determines the slow agents.
    pub(super) fn tally(self, seed: u64, config: &Config) -> Result<Tally, Error> {
        let set_up = SimConfig { checks: false, backlog: BACKLOG, ..SimConfig::new(seed) };
        let mut sim = Sim::cluster(COUNT, set_up, config);
        sim.join_all(Duration::ZERO);
        sim.run_until(Duration::from_secs(60), Sim::all_know_all).ok_or("all did not join")?;
        sim.run_for(QUIET);
        let slow = self.choose(seed);
        match self.gap {
            Some(gap) => Ok(self.interval(&mut sim, &slow, gap)),
            None => Ok(self.threshold(&mut sim, &slow)),
        }
    }

    /// Returns the slow agents.
    fn choose(self, seed: u64) -> Vec<usize> {
        let mut random = Random::new(seed, STREAM);
        let mut agents: Vec<usize> = (0..COUNT).collect();
        (0..self.slow)
            .map(|_| agents.swap_remove(random.below(agents.len() as u64) as usize))
            .collect()
    }

    fn interval(self, sim: &mut Sim, slow: &[usize], gap: Duration) -> Tally {
        let ids: Vec<NodeId> = slow.iter().map(|&index| sim.id(index)).collect();
        sim.record(move |told| told.failed().is_some_and(|member| !ids.contains(&member.id())));
        let (before, end) = (sim.total_traffic(), sim.now() + WATCHED);
        while sim.now() < end {
            slow.iter().for_each(|&index| sim.stall(index));
            sim.run_for(self.anomaly);
            slow.iter().for_each(|&index| sim.resume(index));
            sim.run_for(gap);
        }
        let sent = sim.total_traffic() - before;
        let log = sim.take_log();
        let by_healthy = log.iter().filter(|told| !slow.contains(&told.node)).count();
        let (fp, fp_healthy) = (log.len() as u64, by_healthy as u64);
        Tally { fp, fp_healthy, sent, ..Tally::default() }
    }

    /// Runs until all healthy agents have noticed all slow ones, or the anomaly is over.
    fn threshold(self, sim: &mut Sim, slow: &[usize]) -> Tally {
        let well: Vec<usize> = (0..COUNT).filter(|index| !slow.contains(index)).collect();
        let observers = well.clone();
        sim.record(move |told| told.failed().is_some() && observers.contains(&told.node));
        let (begin, over) = (sim.now(), sim.now() + self.anomaly);
        slow.iter().for_each(|&index| sim.stall(index));
        let lists = |sim: &Sim, slow: &usize| well.iter().any(|&index| sim.knows(index, *slow));
        while sim.now() < over && slow.iter().any(|index| lists(sim, index)) {
            sim.run_for(STEP);
        }
        if sim.now() >= over {
            slow.iter().for_each(|&index| sim.resume(index));
            sim.run_until(WATCHED.saturating_sub(self.anomaly), Sim::all_know_all);
        }
        let log = sim.take_log();
        let mut tally = Tally { long: slow.len(), ..Tally::default() };
        for &index in slow {
            let id = sim.id(index);
            let about = log.iter().filter(|told| told.failed().is_some_and(|m| m.id() == id));
            let mut first = BTreeMap::new();
            for told in about {
                let took = told.at.saturating_duration_since(begin).as_secs_f64();
                first.entry(told.node).or_insert(took);
            }
            tally.detect.extend(first.values().copied().reduce(f64::min));
            let all = first.len() == well.len();
            tally.spread.extend(first.values().copied().reduce(f64::max).filter(|_| all));
        }
        tally
    }
}
