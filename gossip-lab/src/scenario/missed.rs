//! A node that was deaf while a change spread learns of it.

use std::time::Duration;

use clap::Args;
use gossip_core::{Instant, NodeId};
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes, within};
use gossip_sim::Sim;

/// Makes a node deaf while a change spreads, and measures how soon it learns. Elsewhere another
/// change happens every second.
#[derive(Clone, Copy, Debug, Args)]
pub struct Missed {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// Time for which the node is deaf: as long as a rumour lives in 100,000 nodes, and shorter than a
/// suspicion.
const DEAF: Duration = Duration::from_millis(2_500);

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Seconds from the end of the deafness until the node knows.
    repaired_s: f64,
}

impl Missed {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        const META: &[u8] = b"missed";
        let Self { nodes, conditions } = *self;
        let mut sim = conditions.settled_cluster(seed, nodes, &conditions.config())?;
        let (deaf, teller) = (0, nodes - 1);
        let id = sim.id(teller);
        let knows = |sim: &Sim| knows(sim, deaf, id, META);
        let mut others = Others { seed, nodes, count: 0, next: sim.now() };
        others.run_to(&mut sim, others.next + Duration::from_micros(seed % 100 * 9_999), |_| false);
        sim.set_node_loss(deaf, 1.0, 0.0);
        let told = sim.command(teller, |node, now| node.set_meta(now, META));
        told.map_err(|error| error.to_string())?;
        let end = sim.now() + DEAF;
        others.run_to(&mut sim, end, |_| false);
        sim.set_node_loss(deaf, 0.0, 0.0);
        let begin = sim.now();
        others.run_to(&mut sim, begin + Duration::from_secs(120), knows);
        let took = sim.now().saturating_duration_since(begin);
        let repaired_s = within(knows(&sim).then_some(took), "repair")?;
        Outcome::new(Figures { nodes, repaired_s }, Curve::default())
    }
}

fn knows(sim: &Sim, node: usize, id: NodeId, meta: &[u8]) -> bool {
    sim.node(node).member(&id).is_some_and(|member| member.meta() == meta)
}

/// The changes elsewhere.
struct Others {
    seed: u64,
    nodes: usize,
    count: u64,
    next: Instant,
}

impl Others {
    /// Runs to a time, or until a condition holds.
    fn run_to(&mut self, sim: &mut Sim, end: Instant, condition: impl Fn(&Sim) -> bool) {
        while sim.now() < end && !condition(sim) {
            let until = self.next.min(end).saturating_duration_since(sim.now());
            if sim.run_until(until, &condition).is_some() {
                return;
            }
            if sim.now() >= self.next {
                self.count += 1;
                self.next = self.next + Duration::from_secs(1);
                let others = (self.nodes - 2).max(1) as u64;
                let who = 1 + (self.seed.wrapping_add(self.count * 7_919) % others) as usize;
                let meta = self.count.to_le_bytes();
                _ = sim.command(who.min(self.nodes - 1), |node, now| node.set_meta(now, &meta));
            }
        }
    }
}
