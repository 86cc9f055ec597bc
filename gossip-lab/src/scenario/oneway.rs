//! One node is deaf, one is mute, and some are lossy.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use gossip_core::{Incarnation, NodeId, Status};
use serde::Serialize;

use super::{Conditions, Error, Outcome, nodes, traffic_curve};
use gossip_sim::{LoggedEvent, Sim};

/// Lets one node only send, one only receive, and one in ten lose a fifth of its packets in each
/// direction. Measures which nodes are declared dead, and what the deaf and the mute one believe at
/// the end.
#[derive(Clone, Copy, Debug, Args)]
pub struct Oneway {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// Minutes of the run.
    #[arg(long, default_value_t = 60)]
    pub minutes: u64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

const DEAF: usize = 0;
const MUTE: usize = 1;

/// The loss of each tenth node.
const LOSS: f64 = 0.2;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    lossy: usize,
    /// Incarnations that a healthy node reported dead: of healthy nodes, of lossy ones.
    healthy_dead: usize,
    lossy_dead: usize,
    /// Number of nodes that list the deaf one, and the mute one, as live at the end.
    deaf_listed_by: usize,
    mute_listed_by: usize,
    /// The views of these two about the others at the end.
    deaf: Beliefs,
    mute: Beliefs,
    bytes_per_node_and_second: f64,
}

/// Number of members by status in a node's table.
#[derive(Default, Serialize)]
struct Beliefs {
    live: usize,
    suspect: usize,
    dead: usize,
}

impl Beliefs {
    fn of(sim: &Sim, index: usize) -> Self {
        let mut beliefs = Self::default();
        for member in sim.node(index).members().filter(|member| member.id() != sim.id(index)) {
            match member.status() {
                Status::Suspect => beliefs.suspect += 1,
                Status::Dead | Status::Left => beliefs.dead += 1,
                _ => beliefs.live += 1,
            }
        }
        beliefs
    }
}

const fn is_lossy(index: usize) -> bool {
    index % 10 == 9
}

const fn is_healthy(index: usize) -> bool {
    index != DEAF && index != MUTE && !is_lossy(index)
}

impl Oneway {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, minutes, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        let (begin, before) = (super::seconds(&sim), sim.total_traffic());
        let lossy: Vec<usize> = (0..nodes).filter(|&index| is_lossy(index)).collect();
        lossy.iter().for_each(|&index| sim.set_node_loss(index, LOSS, LOSS));
        sim.set_node_loss(DEAF, 1.0, 0.0);
        sim.set_node_loss(MUTE, 0.0, 1.0);
        sim.record(|told| is_healthy(told.node) && told.failed().is_some());
        let mut dead = BTreeSet::<(NodeId, Incarnation)>::new();
        for _ in 0..minutes {
            sim.run_for(Duration::from_secs(60));
            let log = sim.take_log();
            let members = log.iter().filter_map(LoggedEvent::failed);
            dead.extend(members.map(|member| (member.id(), member.incarnation())));
        }
        let count = |which: fn(usize) -> bool| {
            let ids: BTreeSet<NodeId> =
                (0..nodes).filter(|&i| which(i)).map(|i| sim.id(i)).collect();
            dead.iter().filter(|(id, _)| ids.contains(id)).count()
        };
        let sent = (sim.total_traffic() - before).bytes() as f64;
        let figures = Figures {
            nodes,
            lossy: lossy.len(),
            healthy_dead: count(is_healthy),
            lossy_dead: count(is_lossy),
            deaf_listed_by: sim.listed_by(DEAF),
            mute_listed_by: sim.listed_by(MUTE),
            deaf: Beliefs::of(&sim, DEAF),
            mute: Beliefs::of(&sim, MUTE),
            bytes_per_node_and_second: sent / nodes as f64 / (super::seconds(&sim) - begin),
        };
        Outcome::new(figures, traffic_curve(&sim, begin, nodes))
    }
}
