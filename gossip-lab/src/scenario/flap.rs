//! A few nodes are barely reachable: which are declared dead, and how often they come and go.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};
use gossip_core::{Event, Incarnation, MemberEvent, NodeId};
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes, percent};
use gossip_sim::raw::Random;
use gossip_sim::{LoggedEvent, Sim};

/// Makes a few nodes barely reachable. Measures which nodes are declared dead, and how often they
/// come and go.
#[derive(Clone, Copy, Debug, Args)]
pub struct Flap {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// Number of faulty nodes per hundred.
    #[arg(long, default_value_t = 1.0, value_parser = percent)]
    pub faulty: f64,
    /// The fault.
    #[arg(long, value_enum, default_value_t = Fault::Lossy)]
    pub fault: Fault,
    /// Minutes of the run. In the first five, changes do not count.
    #[arg(long, default_value_t = 15, value_parser = value_parser!(u64).range(FIRST + 1..))]
    pub minutes: u64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// The fault of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The node loses 80 % of its packets in each direction.
    Lossy,
    /// Packets in both directions wait for 20 of each 40 seconds.
    Stalled,
    /// The node is cut off for 20 of each 40 seconds.
    Cut,
}

/// The loss of a lossy node.
const LOSS: f64 = 0.8;

/// Seconds for which a faulty node is up, and down.
const HALF: u64 = 20;

/// Number of minutes that do not count.
const FIRST: u64 = 5;

/// A random stream that no node uses.
const STREAM: u64 = u64::MAX - 3;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    faulty: usize,
    fault: Fault,
    /// Incarnations of healthy nodes that a healthy node reported dead; and those that only a
    /// faulty node did.
    healthy_dead: usize,
    healthy_dead_at_faulty: usize,
    /// Number of reports per minute, by a healthy node, that a faulty one is up or has failed.
    transitions_per_minute: f64,
    bytes_per_node_and_second: f64,
}

/// The reports.
#[derive(Default)]
struct Told {
    /// Reported deaths of healthy nodes: by healthy nodes, by faulty ones.
    deaths: [BTreeSet<(NodeId, Incarnation)>; 2],
    /// Reports of healthy nodes about faulty ones, per minute.
    transitions: Vec<usize>,
}

impl Told {
    /// The faulty nodes have the lowest numbers.
    fn add(&mut self, sim: &Sim, told: &LoggedEvent, faulty: usize, minute: usize) {
        let (Event::Member(MemberEvent::Up { member })
        | Event::Member(MemberEvent::Failed { member, .. })) = &told.event
        else {
            return;
        };
        let about_faulty = (0..faulty).any(|index| sim.id(index) == member.id());
        let by_faulty = told.node < faulty;
        if !about_faulty && told.failed().is_some() {
            self.deaths[usize::from(by_faulty)].insert((member.id(), member.incarnation()));
        }
        self.transitions[minute] += usize::from(about_faulty && !by_faulty);
    }
}

impl Flap {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, fault, minutes, conditions, .. } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        let faulty = ((nodes as f64 * self.faulty / 100.0) as usize).clamp(1, nodes - 1);
        let mut random = Random::new(seed, STREAM);
        let phases: Vec<u64> = (0..faulty).map(|_| random.below(2 * HALF)).collect();
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        let mut told = Told { transitions: vec![0; minutes as usize], ..Told::default() };
        sim.record(|told| {
            matches!(
                told.event,
                Event::Member(MemberEvent::Up { .. }) | Event::Member(MemberEvent::Failed { .. })
            )
        });
        if fault == Fault::Lossy {
            (0..faulty).for_each(|index| sim.set_node_loss(index, LOSS, LOSS));
        }
        for second in 0..60 * minutes {
            for (index, phase) in phases.iter().enumerate() {
                match (second + phase) % (2 * HALF) {
                    0 => fault.end(&mut sim, index),
                    HALF => fault.begin(&mut sim, index),
                    _ => {}
                }
            }
            sim.run_for(Duration::from_secs(1));
            let log = sim.take_log();
            let minute = (second / 60) as usize;
            log.iter().for_each(|event| told.add(&sim, event, faulty, minute));
        }
        let sent = (sim.total_traffic() - before).bytes() as f64;
        let pairs = (faulty * (nodes - faulty)) as f64;
        let [at_healthy, at_faulty] = &told.deaths;
        let counted: usize = told.transitions[FIRST as usize..].iter().sum();
        let each = told.transitions.iter().map(|&count| count as f64 / pairs);
        let points = each.enumerate().map(|(minute, each)| (60.0 * (minute + 1) as f64, each));
        let label = "how often each faulty one came or went in the minute before";
        let curve = Curve { label, points: points.collect(), ..Curve::default() };
        let figures = Figures {
            nodes,
            faulty,
            fault,
            healthy_dead: at_healthy.len(),
            healthy_dead_at_faulty: at_faulty.difference(at_healthy).count(),
            transitions_per_minute: counted as f64 / pairs / (minutes - FIRST) as f64,
            bytes_per_node_and_second: sent / nodes as f64 / (super::seconds(&sim) - begin),
        };
        Outcome::new(figures, curve)
    }
}

impl Fault {
    /// Takes a faulty node down.
    fn begin(self, sim: &mut Sim, index: usize) {
        match self {
            Self::Lossy => {}
            Self::Stalled => sim.stall(index),
            Self::Cut => sim.set_node_loss(index, 1.0, 1.0),
        }
    }

    /// Takes a faulty node up, if it was down.
    fn end(self, sim: &mut Sim, index: usize) {
        match self {
            Self::Lossy => {}
            Self::Stalled => sim.resume(index),
            Self::Cut => sim.set_node_loss(index, 0.0, 0.0),
        }
    }
}
