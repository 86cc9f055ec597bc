//! A few are barely there: who is declared dead, and how often they come and go.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};
use gossip_core::{Event, Incarnation, MemberEvent, NodeId};
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes, percent};
use gossip_sim::raw::Random;
use gossip_sim::{Occurrence, Sim};

/// A few are barely there: who is declared dead, and how often do they come and go?
#[derive(Clone, Copy, Debug, Args)]
pub struct Flap {
    /// How many nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// How many of a hundred are at fault.
    #[arg(long, default_value_t = 1.0, value_parser = percent)]
    pub faulty: f64,
    /// What is wrong with them.
    #[arg(long, value_enum, default_value_t = Fault::Lossy)]
    pub fault: Fault,
    /// For how many minutes; in the first five, who comes and goes is not counted.
    #[arg(long, default_value_t = 15, value_parser = value_parser!(u64).range(FIRST + 1..))]
    pub minutes: u64,
    /// The network, once the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// What is wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// It loses 80 % of what comes in, and of what goes out.
    Lossy,
    /// What comes in and goes out waits for 20 of each 40 seconds.
    Stalled,
    /// It is cut off for 20 of each 40 seconds.
    Cut,
}

/// The loss of one that is lossy.
const LOSS: f64 = 0.8;

/// How long one is up, and how long it is down, in seconds.
const HALF: u64 = 20;

/// How many minutes are not counted.
const FIRST: u64 = 5;

/// Not the stream of any node.
const STREAM: u64 = u64::MAX - 3;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    faulty: usize,
    fault: Fault,
    /// Points of a healthy one's life that a healthy one told to have ended; and those that only
    /// one at fault did.
    healthy_dead: usize,
    healthy_dead_at_faulty: usize,
    /// How often a healthy one tells in a minute that one at fault is up, or has failed.
    transitions_per_minute: f64,
    bytes_per_node_and_second: f64,
}

/// What was told.
#[derive(Default)]
struct Told {
    /// Of the death of healthy ones: by the healthy, by those at fault.
    deaths: [BTreeSet<(NodeId, Incarnation)>; 2],
    /// By healthy ones, of those at fault, in each minute.
    transitions: Vec<usize>,
}

impl Told {
    /// Those at fault have the lowest numbers.
    fn add(&mut self, sim: &Sim, told: &Occurrence, faulty: usize, minute: usize) {
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
    /// One goes down.
    fn begin(self, sim: &mut Sim, index: usize) {
        match self {
            Self::Lossy => {}
            Self::Stalled => sim.stall(index),
            Self::Cut => sim.set_node_loss(index, 1.0, 1.0),
        }
    }

    /// One comes up, if it was down.
    fn end(self, sim: &mut Sim, index: usize) {
        match self {
            Self::Lossy => {}
            Self::Stalled => sim.resume(index),
            Self::Cut => sim.set_node_loss(index, 0.0, 0.0),
        }
    }
}
