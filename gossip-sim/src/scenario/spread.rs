//! One change reaches a settled cluster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Conditions, Curve, Error, Outcome, nodes};
use crate::wire::{self, OLD_NEWS, kind};
use crate::{Passing, Place, Sim};

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
    /// Datagrams with either, or with a question for records, that a node sent; probes, which go
    /// anyway, are not counted. With loss there are some on account of suspicions.
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
                kind::WANT => spreads = true,
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
        sim.run_for(config.probe_interval * REPAIRED);
        let id = sim.id(teller);
        let knows =
            |sim: &Sim, index| sim.node(index).member(&id).is_some_and(|m| m.meta() == META);
        let residue = (0..nodes).filter(|&index| !knows(&sim, index)).count();
        let everywhere = (0..nodes).filter(|&index| index != teller);
        // Who is left may learn it by request, unseen: then the end tells when.
        let limit = sim.now() + Duration::from_secs(60);
        while !(0..nodes).all(|index| knows(&sim, index)) {
            if sim.now() >= limit {
                return Err("all know: not in time".into());
            }
            sim.run_for(Duration::from_millis(100));
        }
        sim.untap();
        let end = super::seconds(&sim) - begin;

        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let rumoured = |index: &usize| seen.learnt[*index].filter(|(age, _)| *age != OLD_NEWS);
        let mut times: Vec<f64> = everywhere
            .clone()
            .map(|index| seen.learnt[index].map_or(end, |(_, at)| at - begin))
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
        Outcome::new(figures, Curve { label: "nodes that know, %", points })
    }
}
