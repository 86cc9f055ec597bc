//! One change reaches a settled cluster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes};
use crate::wire::{self, OLD_NEWS, kind};
use gossip_sim::{Passing, Place, Sim};

/// One change reaches a settled cluster.
#[derive(Clone, Copy, Debug, Args)]
pub struct Spread {
    /// How many nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// The network, once the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// What the change is recognised by on the wire.
const META: &[u8] = b"spread me";

/// How many probe intervals after the change everybody has been repaired: the rumour is over
/// after two or three, and every node compares its table about twice in each.
const REPAIRED: u32 = 8;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// When the last of them learnt it, in seconds.
    all_know_s: f64,
    /// The age of the rumour, in rounds, when the last of them learnt it: each hop of a push is a
    /// round, and each turn of advertising is one. Whoever learnt it by repair does not count.
    rounds: u8,
    /// Records of the change that a node read, on average; and how often its name.
    copies_per_node: f64,
    ids_per_node: f64,
    /// Datagrams with either, or with a question for the record, that a node sent; probes, which
    /// go anyway, are not counted.
    datagrams_per_node: f64,
    /// Their bytes.
    bytes_per_node: f64,
    /// Who did not learn it from the rumour, but by repair or not at all.
    missed: usize,
    /// Who still does not know eight probe intervals after the change.
    residue: usize,
}

/// What was seen on the wire.
#[derive(Default)]
struct Seen {
    teller: usize,
    /// The short id of the teller, once it has sent anything.
    name: [u8; 4],
    /// By node: at which age and when the change came.
    learnt: Vec<Option<(u8, f64)>>,
    copies: u64,
    ids: u64,
    datagrams: u64,
    bytes: u64,
}

/// Whether a record is that of the change.
fn tells(record: &[u8]) -> bool {
    record.windows(META.len()).any(|part| part == META)
}

impl Seen {
    /// How often adverts name the teller's record.
    fn mentions(&self, adverts: &[u8]) -> u64 {
        wire::names(adverts).filter(|name| *name == self.name).count() as u64
    }

    fn datagram(&mut self, passing: Passing<'_>) {
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

    fn arrival(&mut self, passing: Passing<'_>) {
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

/// Runs for some time and until all know; says when each of them knew, about, and how many did not
/// when the time was over. Who learns by request does so unseen on the wire.
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
