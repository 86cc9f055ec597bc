//! Two nodes with large tables find where they differ.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use gossip_core::{Config, Instant};
use serde::Serialize;

use super::{Curve, Error, Outcome, probability, within};
use crate::wire::{self, ENVELOPE, kind};
use gossip_sim::{Latency, Network, PacketTap, Place, Sim, SimConfig};

/// Lets two nodes with large tables find their differences by datagrams alone.
#[derive(Clone, Copy, Debug, Args)]
pub struct Reconcile {
    /// Number of records of both nodes, 2 to 100,000.
    #[arg(long, default_value_t = 10_000, value_parser = records)]
    pub records: u32,
    /// Number of records that are newer at one of the two, in turn.
    #[arg(long, default_value_t = 10)]
    pub different: u32,
    /// Probability that a packet is lost, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = probability)]
    pub loss: f64,
}

/// One-way latency. Differences that end within a round trip end by one exchange.
const LATENCY: Duration = Duration::from_millis(1);

/// Figures from the first datagram with roots to the last one before both are equal: whole
/// datagrams of both, probes included, without the records.
#[derive(Serialize)]
struct Figures {
    records: u32,
    different: u32,
    bytes: u64,
    datagrams: u64,
    /// Time from the beginning of the descent until both are equal.
    round_trips: f64,
    /// Bytes of the records themselves.
    record_bytes: u64,
    /// Seconds from the first difference until both are equal.
    equal_s: f64,
}

#[derive(Default)]
struct Seen {
    /// An envelope of the cluster.
    envelope: Vec<u8>,
    noticed: bool,
    bytes: u64,
    datagrams: u64,
    record_bytes: u64,
    /// Datagrams of both by time.
    curve: Vec<(Instant, u64)>,
}

impl Seen {
    fn datagram(&mut self, passing: PacketTap<'_>) {
        if passing.place != Place::Departure {
            return;
        }
        if self.envelope.is_empty() {
            self.envelope = passing.bytes[..ENVELOPE].to_vec();
        }
        self.noticed |= wire::messages(passing.bytes).any(|message| message.kind == kind::ROOTS);
        if self.noticed {
            let records = wire::messages(passing.bytes).filter(|m| m.kind == kind::RECORD);
            let records: u64 = records.map(|message| message.bytes as u64).sum();
            self.datagrams += 1;
            self.record_bytes += records;
            self.bytes += passing.bytes.len() as u64 - records;
            self.curve.push((passing.at, self.bytes));
        }
    }
}

impl Reconcile {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { records, different, loss } = *self;
        if different > records {
            return Err(format!("{different} of {records} records cannot differ"));
        }
        let network = Network { latency: Latency::Constant(LATENCY), ..Network::lan() };
        let set_up = SimConfig { checks: false, ..SimConfig::new(seed).network(network) };
        let config = Config::lan().with(|config| config.requests.enabled = false);
        let mut sim = Sim::cluster(2, set_up, &config);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let tap = Arc::clone(&seen);
        sim.tap(move |passing| {
            tap.lock().unwrap_or_else(PoisonError::into_inner).datagram(passing);
        });
        sim.join(1, [0]);
        sim.run_for(Duration::from_secs(5));

        let envelope = seen.lock().unwrap_or_else(PoisonError::into_inner).envelope.clone();
        // Members that have left are records like all others, but no node probes them.
        let teach = |sim: &mut Sim, to: usize, changes: u32, which: &dyn Fn(u32) -> bool| {
            let id = (u128::from(seed) + 1) << 64;
            let which: Vec<u32> = (0..records).filter(|number| which(*number)).collect();
            for some in which.chunks(1_000) {
                let mut datagram = envelope.clone();
                for &number in some {
                    wire::put_departed(id | u128::from(number), number + 2, changes, &mut datagram);
                }
                sim.inject(u32::MAX, to, &datagram);
            }
        };
        (0..2).for_each(|node| teach(&mut sim, node, 0, &|_| true));
        let equal = |sim: &Sim| sim.node(0).fingerprint() == sim.node(1).fingerprint();
        let known = sim.node(0).members().count();
        if known != records as usize + 2 || !equal(&sim) {
            return Err(format!("{known} records are known instead of {}", records + 2));
        }
        // Some time later, so that the next comparison sees the new tables.
        sim.run_for(Duration::from_secs(3) + Duration::from_millis(seed % 1_000));
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
        let stride = records / different.max(1);
        let newer = |number: u32| number.is_multiple_of(stride) && number / stride < different;
        for node in 0..2 {
            teach(&mut sim, node, 1, &|number| newer(number) && number / stride % 2 == node as u32);
        }
        sim.set_network(network.loss(loss));
        let begin = sim.now();
        let syncs = |sim: &Sim| sim.node(0).stats().repair.syncs + sim.node(1).stats().repair.syncs;
        let before = syncs(&sim);
        let limit = Duration::from_secs(600);
        let noticed = sim.run_until(limit, |sim| equal(sim) || syncs(sim) > before);
        let took = sim.run_until(limit, equal);
        let (noticed, took) = (within(noticed, "noticing")?, within(took, "equality")?);

        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let figures = Figures {
            records,
            different,
            bytes: seen.bytes,
            datagrams: seen.datagrams,
            round_trips: took / (2.0 * LATENCY.as_secs_f64()),
            record_bytes: seen.record_bytes,
            equal_s: noticed + took,
        };
        let point = |(at, bytes): &(Instant, u64)| {
            (at.saturating_duration_since(begin).as_secs_f64(), *bytes as f64)
        };
        let points = seen.curve.iter().map(point).collect();
        Outcome::new(figures, Curve { label: "bytes without records", points, ..Curve::default() })
    }
}

fn records(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(records @ 2..=100_000) => Ok(records),
        _ => Err("it must be from 2 to 100,000".into()),
    }
}
