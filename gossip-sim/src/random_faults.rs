//! Random faults of a small cluster, in any order.

use std::ops::Range;
use std::time::Duration;

use gossip_core::{Config, Epoch};

use crate::random::Random;
use crate::{Network, Sim, SimConfig};

const NODES: usize = 12;
const FAULTS: usize = 60;

/// A random stream that no node uses.
const STREAM: u64 = u64::MAX;

/// Runs a cluster of twelve through sixty faults drawn from this seed, in about four minutes of
/// virtual time. Ends all faults, and asserts that all nodes agree at the end.
///
/// # Panics
///
/// Panics if the run breaks a law of the protocol. Also panics if two minutes after the last fault
/// not all know all, or if a minute later fingerprints differ. Prints the seed.
pub fn random_faults(seed: u64) {
    let mut random_faults = Ordeal::new(seed);
    for _ in 0..FAULTS {
        random_faults.harm();
        let pause = random_faults.draw(1..8_000) as u64;
        random_faults.sim.run_for(Duration::from_millis(pause));
    }
    random_faults.end();
    random_faults.sim.run_until_all_know_all(Duration::from_secs(120));
    random_faults.sim.run_until_converged(Duration::from_secs(60));
}

/// A cluster, its randomness, and the last epoch of each node.
struct Ordeal {
    sim: Sim,
    random: Random,
    epochs: [u64; NODES],
    free_address: u32,
}

impl Ordeal {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, STREAM);
        let mut config = Config::lan();
        config.requests.enabled = random.below(2) == 0;
        config.members.retention = Duration::from_secs(300);
        let sim = Sim::formed_cluster(NODES, SimConfig::new(seed), &config);
        Self { sim, random, epochs: [1; NODES], free_address: 1_000 }
    }

    fn draw(&mut self, range: Range<usize>) -> usize {
        range.start + self.random.below(range.len() as u64) as usize
    }

    /// Returns a random node that takes part and is neither paused nor stalled.
    fn someone(&mut self) -> Option<usize> {
        let able = |sim: &Sim, index| sim.is_present(index) && sim.is_running(index);
        let index = self.draw(0..NODES);
        able(&self.sim, index).then_some(index)
    }

    fn restart(&mut self, index: usize) {
        self.epochs[index] += 1;
        self.sim.restart(index, Epoch::new(self.epochs[index]).unwrap_or_default());
        let seed = self.draw(0..NODES);
        self.sim.join(index, [seed, 0, 1]);
    }

    fn harm(&mut self) {
        let any = self.draw(0..NODES);
        match (self.draw(0..14), self.someone()) {
            (0, _) => self.sim.crash(any),
            (1, _) => self.sim.exit(any),
            (2..=4, _) => self.restart(any),
            (5, Some(index)) => self.sim.leave(index),
            (6, Some(index)) => self.sim.pause(index),
            (7, Some(index)) => self.sim.stall(index),
            (8, _) if self.sim.has_process(any) => self.sim.resume(any),
            (9, _) => {
                let (edge, both) = (self.draw(1..NODES), self.draw(0..2) == 0);
                self.sim.cut(move |from, to| {
                    from < edge && to >= edge || both && to < edge && from >= edge
                });
            }
            (10, _) => self.sim.heal(),
            (11, _) => {
                let loss = self.draw(0..40) as f64 / 100.0;
                self.sim.set_network(
                    Network { duplicate: 0.05, reorder: 0.05, ..Network::lan() }.loss(loss),
                );
            }
            // A node that has just left refuses it.
            (12, Some(index)) => {
                let meta = vec![7; self.draw(0..400)];
                _ = self.sim.command(index, |node, now| node.set_meta(now, &meta));
            }
            (13, Some(index)) => {
                let address = self.free_address;
                self.free_address += 1;
                self.sim.relocate(index, address);
                _ = self.sim.command(index, |node, now| node.set_address(now, address));
            }
            _ => {}
        }
    }

    /// Ends all faults. Departed nodes return, and nodes whose join failed try again.
    fn end(&mut self) {
        self.sim.heal();
        self.sim.set_network(Network::lan());
        for index in 0..NODES {
            if self.sim.is_present(index) {
                self.sim.resume(index);
            } else {
                self.restart(index);
            }
        }
        (1..NODES).for_each(|index| _ = self.sim.join(index, [0]));
    }
}
