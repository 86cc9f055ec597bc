//! One run of one cluster in virtual time, bounded by that of the wall.

use std::time::{Duration, Instant};

use gossip_sim::Traffic;
use serde::Serialize;

/// How long the nodes may take to meet, in virtual time.
pub(super) const LIMIT: Duration = Duration::from_secs(600);

/// How long the cluster is left alone before the idle window begins.
const CALM: Duration = Duration::from_secs(15);

/// The clock of the wall is looked at each time when so much of virtual time has passed.
const SLICE: Duration = Duration::from_millis(100);

/// The nodes of one system in their network, which begin to join at the origin of time.
pub(super) trait Nodes {
    /// Lets the time pass.
    fn run_for(&mut self, duration: Duration);

    /// Lets the time pass until all know all, at most for `limit`; says how long it took.
    fn run_until_all_know_all(&mut self, limit: Duration) -> Option<Duration>;

    /// What a node has sent.
    fn traffic(&self, number: usize) -> Traffic;

    /// How many datagrams and frames came to a node.
    fn delivered(&self) -> u64;

    /// How many inputs were refused, and requests failed.
    fn errors(&self) -> u64;
}

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) nodes: u32,
    /// How long the idle window is, in virtual time.
    pub(super) window: Duration,
    pub(super) wall_limit: Duration,
}

/// What one cluster came to. A part is missing if the time of the wall was over.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Run {
    pub(super) join: Option<Join>,
    pub(super) idle: Option<Idle>,
    pub(super) speed: Option<Speed>,
    /// Where in virtual time the limit of wall time ended the run.
    pub(super) stopped_at_s: Option<f64>,
}

/// Until all knew all, or up to the limit. Packets are datagrams, and requests with their replies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Join {
    pub(super) all_know_s: Option<f64>,
    pub(super) packets_per_node: f64,
    pub(super) bytes_per_node: f64,
    pub(super) seed_bytes: u64,
}

/// For a node and a second, all but the errors, which are all of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Idle {
    pub(super) datagrams: f64,
    pub(super) bytes: f64,
    pub(super) errors: u64,
}

/// How fast the idle cluster was simulated, network and nodes together, by the wall.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Speed {
    pub(super) ns_per_packet: f64,
    pub(super) packets_per_second: f64,
}

/// A cluster at work, with its limit.
struct Watch<N> {
    nodes: N,
    size: usize,
    passed: Duration,
    end: Instant,
}

impl<N: Nodes> Watch<N> {
    /// Lets the nodes meet; how long that took. Without a result if the wall's time was over.
    fn meet(&mut self) -> Option<Option<Duration>> {
        while self.passed < LIMIT {
            if let Some(took) = self.nodes.run_until_all_know_all(SLICE) {
                self.passed += took;
                return Some(Some(self.passed));
            }
            self.passed += SLICE;
            self.in_time()?;
        }
        Some(None)
    }

    /// Lets the time pass. Without a result if the wall's time was over.
    fn run_for(&mut self, duration: Duration) -> Option<()> {
        let until = self.passed + duration;
        while self.passed < until {
            let slice = SLICE.min(until - self.passed);
            self.nodes.run_for(slice);
            self.passed += slice;
            self.in_time()?;
        }
        Some(())
    }

    fn in_time(&self) -> Option<()> {
        (Instant::now() < self.end).then_some(())
    }

    fn traffic(&self) -> Traffic {
        let mut sum = Traffic::default();
        (0..self.size).for_each(|number| sum += self.nodes.traffic(number));
        sum
    }

    fn join(&mut self) -> Option<Join> {
        let met = self.meet()?;
        let (sent, each) = (self.traffic(), self.size as f64);
        Some(Join {
            all_know_s: met.map(|time| time.as_secs_f64()),
            packets_per_node: (sent.datagrams + sent.frames) as f64 / each,
            bytes_per_node: sent.bytes() as f64 / each,
            seed_bytes: self.nodes.traffic(0).bytes(),
        })
    }

    fn idle(&mut self, window: Duration) -> Option<(Idle, Speed)> {
        self.run_for(CALM)?;
        let (sent, delivered) = (self.traffic(), self.nodes.delivered());
        let begin = Instant::now();
        self.run_for(window)?;
        let took = begin.elapsed().as_secs_f64();
        let (sent, packets) = (self.traffic() - sent, (self.nodes.delivered() - delivered) as f64);
        let share = self.size as f64 * window.as_secs_f64();
        let idle = Idle {
            datagrams: sent.datagrams as f64 / share,
            bytes: sent.bytes() as f64 / share,
            errors: self.nodes.errors(),
        };
        let speed =
            Speed { ns_per_packet: took * 1e9 / packets, packets_per_second: packets / took };
        Some((idle, speed))
    }
}

/// Runs the cluster that `start` makes.
pub(super) fn run<N: Nodes>(task: Task, start: impl FnOnce() -> N) -> Run {
    let end = Instant::now() + task.wall_limit;
    let size = task.nodes as usize;
    let mut watch = Watch { nodes: start(), size, passed: Duration::ZERO, end };
    let mut run = Run { join: watch.join(), ..Run::default() };
    if run.join.is_some() {
        (run.idle, run.speed) = watch.idle(task.window).unzip();
    }
    if run.idle.is_none() {
        run.stopped_at_s = Some(watch.passed.as_secs_f64());
    }
    run
}
