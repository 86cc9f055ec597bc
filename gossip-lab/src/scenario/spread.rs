//! One change reaches a settled cluster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes};
use crate::wire::{self, OLD_NEWS, kind};
use gossip_sim::{PacketTap, Place, Sim};

/// One change reaches a settled cluster.
#[derive(Clone, Copy, Debug, Args)]
pub struct Spread {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// The metadata by which the change is recognised on the wire.
const META: &[u8] = b"spread me";

/// Probe intervals after the change until repair has reached all nodes: the rumour is over after
/// two or three, and every node compares its table about twice in each.
const REPAIRED: u32 = 8;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Seconds until the last node learnt it.
    all_know_s: f64,
    /// The age of the rumour in rounds when the last node learnt it. Each hop of a push is a round,
    /// and each turn of advertising is one. Nodes that learnt it by repair do not count.
    rounds: u8,
    /// Mean number of records of the change that a node read, and of its names.
    copies_per_node: f64,
    ids_per_node: f64,
    /// Datagrams with either, or with a request for the record, that a node sent, without probes.
    datagrams_per_node: f64,
    /// Their bytes.
    bytes_per_node: f64,
    /// Nodes that did not learn it from the rumour, but by repair or not at all.
    missed: usize,
    /// Nodes that still do not know it eight probe intervals after the change.
    residue: usize,
}

/// Observations on the wire.
#[derive(Default)]
struct Seen {
    teller: usize,
    /// The short id of the changed node, once it has sent a datagram.
    name: [u8; 4],
    /// Age and time at which the change came, by node.
    learnt: Vec<Option<(u8, f64)>>,
    copies: u64,
    ids: u64,
    datagrams: u64,
    bytes: u64,
}

/// Returns whether a record is that of the change.
fn tells(record: &[u8]) -> bool {
    record.windows(META.len()).any(|part| part == META)
}

impl Seen {
    /// Returns how often adverts name the changed node's record.
    fn mentions(&self, adverts: &[u8]) -> u64 {
        wire::names(adverts).filter(|name| *name == self.name).count() as u64
    }

    fn datagram(&mut self, passing: PacketTap<'_>) {
        if passing.place != Place::Departure {
            self.arrival(passing);
            return;
        }
        if passing.node == self.teller {
            self.name.copy_from_slice(wire::sender(passing.bytes));
        }
        let mut spreads = false;
        for message in wire::messages(passing.bytes) {
            match message.kind {
                kind::PING | kind::ACK => return,
                kind::RECORD => spreads |= tells(message.body),
                kind::ADVERTS => spreads |= self.mentions(message.body) > 0,
                kind::WANT => {
                    spreads |= wire::wanted(message.body).any(|name| name == self.name);
                }
                _ => {}
            }
        }
        self.datagrams += u64::from(spreads);
        self.bytes += if spreads { passing.bytes.len() as u64 } else { 0 };
    }

    fn arrival(&mut self, passing: PacketTap<'_>) {
        for message in wire::messages(passing.bytes) {
            match message.kind {
                kind::RECORD if tells(message.body) => {
                    self.copies += 1;
                    let at = passing.at.as_micros() as f64 / 1e6;
                    self.learnt[passing.node].get_or_insert((message.body[0], at));
                }
                kind::ADVERTS => self.ids += self.mentions(message.body),
                _ => {}
            }
        }
    }
}

impl Spread {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, conditions } = *self;
        let config = conditions.config();
        let mut sim = conditions.settled_cluster(seed, nodes, &config)?;
        let teller = (seed % nodes as u64) as usize;
        let seen = Seen { teller, learnt: vec![None; nodes], ..Seen::default() };
        let seen = Arc::new(Mutex::new(seen));
        let tap = Arc::clone(&seen);
        sim.tap(move |passing| {
            tap.lock().unwrap_or_else(PoisonError::into_inner).datagram(passing);
        });
        let begin = super::seconds(&sim);
        let told = sim.command(teller, |node, now| node.set_meta(now, META));
        told.map_err(|error| error.to_string())?;
        let (known, residue) = watch(&mut sim, teller, config.detector.probe_interval * REPAIRED)?;
        sim.untap();

        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let rumoured = |index: &usize| seen.learnt[*index].filter(|(age, _)| *age != OLD_NEWS);
        let everywhere = (0..nodes).filter(|&index| index != teller);
        let mut times: Vec<f64> = everywhere
            .clone()
            .map(|index| seen.learnt[index].map_or(known[index], |(_, at)| at) - begin)
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        let figures = Figures {
            nodes,
            all_know_s: times.last().copied().unwrap_or_default(),
            rounds: everywhere
                .clone()
                .filter_map(|i| rumoured(&i))
                .map(|(age, _)| age + 1)
                .max()
                .unwrap_or(0),
            copies_per_node: seen.copies as f64 / nodes as f64,
            ids_per_node: seen.ids as f64 / nodes as f64,
            datagrams_per_node: seen.datagrams as f64 / nodes as f64,
            bytes_per_node: seen.bytes as f64 / nodes as f64,
            missed: everywhere.filter(|index| rumoured(index).is_none()).count(),
            residue,
        };
        let share = |(place, at): (usize, &f64)| (*at, 100.0 * (place + 2) as f64 / nodes as f64);
        let points = times.iter().enumerate().map(share).collect();
        Outcome::new(figures, Curve { label: "nodes that know, %", points, ..Curve::default() })
    }
}

/// Runs for some time and until all nodes know. Returns the approximate time of each, and the
/// number that did not know when the time was over. A request brings the change unseen on the wire.
fn watch(sim: &mut Sim, teller: usize, time: Duration) -> Result<(Vec<f64>, usize), Error> {
    const STEP: Duration = Duration::from_millis(20);
    const LIMIT: Duration = Duration::from_secs(60);
    let (id, begin) = (sim.id(teller), sim.now());
    let mut known = vec![f64::INFINITY; sim.len()];
    let mut residue = 0;
    loop {
        let now = super::seconds(sim);
        for (index, since) in known.iter_mut().enumerate() {
            let told = |sim: &Sim| sim.node(index).member(&id).is_some_and(|m| m.meta() == META);
            if *since > now && told(sim) {
                *since = now;
            }
        }
        let left = known.iter().filter(|known| **known > now).count();
        let passed = sim.now().saturating_duration_since(begin);
        if passed <= time {
            residue = left;
        } else if left == 0 {
            return Ok((known, residue));
        } else if passed > time + LIMIT {
            return Err("all know: not in time".into());
        }
        sim.run_for(STEP);
    }
}
