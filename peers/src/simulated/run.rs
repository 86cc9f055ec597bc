//! One run of one cluster in virtual time, with a limit of wall time.

use std::time::{Duration, Instant};

use gossip_sim::Traffic;
use serde::Serialize;

/// Time limit for the nodes to meet, in virtual time.
pub(super) const LIMIT: Duration = Duration::from_secs(600);

/// Time before the idle window begins.
const CALM: Duration = Duration::from_secs(15);

/// Virtual time between two looks at the wall clock.
const SLICE: Duration = Duration::from_millis(100);

/// The nodes of one system in their network. They begin to join at the origin of time.
pub(super) trait Nodes {
    /// Runs for this time.
    fn run_for(&mut self, duration: Duration);

    /// Runs until all nodes know all, at most for `limit`. Returns how long it took.
    fn run_until_all_know_all(&mut self, limit: Duration) -> Option<Duration>;

    /// Returns the traffic that a node sent.
    fn traffic(&self, number: usize) -> Traffic;

    /// Returns the number of datagrams and frames that reached a node.
    fn delivered(&self) -> u64;

    /// Returns the number of refused inputs and failed requests.
    fn errors(&self) -> u64;
}

/// The parameters of a measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) nodes: u32,
    /// Length of the idle window, in virtual time.
    pub(super) window: Duration,
    pub(super) wall_limit: Duration,
}

/// The result of one cluster. A part is missing if the wall time ran out.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Run {
    pub(super) join: Option<Join>,
    pub(super) idle: Option<Idle>,
    pub(super) speed: Option<Speed>,
    /// The virtual time at which the limit of wall time ended the run.
    pub(super) stopped_at_s: Option<f64>,
}

/// Figures until all nodes knew all, or up to the limit. Packets are datagrams, and requests with
/// their replies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Join {
    pub(super) all_know_s: Option<f64>,
    pub(super) packets_per_node: f64,
    pub(super) bytes_per_node: f64,
    pub(super) seed_bytes: u64,
}

/// Figures per node and second, except the errors of the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Idle {
    pub(super) datagrams: f64,
    pub(super) bytes: f64,
    pub(super) errors: u64,
}

/// Speed of the simulation of the idle cluster in wall time, network and nodes together.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Speed {
    pub(super) ns_per_packet: f64,
    pub(super) packets_per_second: f64,
}

/// A running cluster, with its limit.
struct Watch<N> {
    nodes: N,
    size: usize,
    passed: Duration,
    end: Instant,
}

impl<N: Nodes> Watch<N> {
    /// Lets the nodes meet. Returns how long it took, or `None` if the wall time ran out.
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

    /// Runs for this time. Returns `None` if the wall time ran out.
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

/// Runs the cluster that `start` creates.
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
