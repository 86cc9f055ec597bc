//! Many nodes crash, one after the other: how soon others notice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::{Args, value_parser};
use gossip_core::{Config, Epoch, Instant};
use serde::Serialize;

use super::statistics::{mean, quantile};
use super::{Conditions, Curve, Error, Outcome, Samples, nodes, percent, within};
use crate::wire::{self, kind};
use gossip_sim::raw::Random;
use gossip_sim::{LoggedEvent, PacketTap, Place, Sim, local};

/// Crashes many nodes, some at a time, which return in a new life. Measures how soon a crash meets
/// its first ping, and how soon all know. Nodes that crash together do not watch each other, so
/// that each crash counts alone.
#[derive(Clone, Copy, Debug, Args)]
pub struct Detect {
    /// Number of nodes.
    #[arg(long, default_value_t = 1_000, value_parser = nodes)]
    pub nodes: usize,
    /// Number of crashes.
    #[arg(long, default_value_t = 2_000, value_parser = value_parser!(u32).range(1..))]
    pub crashes: u32,
    /// Number of nodes per hundred that are replaced in a minute. Half of them leave, half crash.
    /// They are not measured.
    #[arg(long, default_value_t = 0.0, value_parser = percent)]
    pub churn: f64,
    /// The network after the cluster has settled.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// Time without faults after each return.
const SETTLE: Duration = Duration::from_secs(10);

/// Time after which a crash must be known to all.
const LIMIT: Duration = Duration::from_secs(300);

/// The samples: pings in probe intervals, the others in seconds.
const PINGS: &str = "the first ping";
const DEATHS: &str = "the first verdict";
const KNOWN: &str = "all know";

/// A random stream that no node uses.
const STREAM: u64 = u64::MAX - 1;

#[derive(Serialize)]
struct Figures {
    nodes: usize,
    crashes: u32,
    churn_percent_per_minute: f64,
    #[serde(flatten)]
    pooled: Pooled,
}

/// Figures of all trials together.
#[derive(Serialize)]
pub(super) struct Pooled {
    /// Time from a crash until the first ping reaches the host.
    first_ping_intervals_mean: f64,
    first_ping_intervals_p999: f64,
    /// Time from a crash until the first report of the death, and until no node lists it as live.
    first_death_s_median: f64,
    all_know_s_median: f64,
    all_know_s_max: f64,
}

impl Pooled {
    pub(super) fn new(samples: &Samples) -> Self {
        let [pings, deaths, known] =
            [PINGS, DEATHS, KNOWN].map(|name| samples.get(name).map_or(&[][..], Vec::as_slice));
        Self {
            first_ping_intervals_mean: mean(pings),
            first_ping_intervals_p999: quantile(pings, 0.999),
            first_death_s_median: quantile(deaths, 0.5),
            all_know_s_median: quantile(known, 0.5),
            all_know_s_max: quantile(known, 1.0),
        }
    }
}

/// Observations on the wire.
#[derive(Default)]
struct Seen {
    /// Nodes by short id.
    names: HashMap<[u8; 4], usize>,
    /// Pairs of nodes that pinged each other while there was no fault.
    pairs: BTreeSet<(usize, usize)>,
    /// Time of the first ping to each crashed node.
    first: HashMap<usize, Instant>,
}

impl Seen {
    fn datagram(&mut self, passing: PacketTap<'_>) {
        let PacketTap { at, node, place, bytes } = passing;
        let name = wire::sender(bytes).try_into().unwrap_or_default();
        if place == Place::Departure {
            self.names.insert(name, node);
        } else if !wire::messages(bytes).any(|message| message.kind == kind::PING) {
        } else if place == Place::NobodyThere {
            self.first.entry(node).or_insert(at);
        } else if let Some(&from) = self.names.get(&name) {
            self.pairs.insert((from, node));
        }
    }
}

/// The cluster, and its replacements.
struct Run {
    sim: Sim,
    config: Config,
    random: Random,
    seen: Arc<Mutex<Seen>>,
    /// Time between two replacements, and time of the next.
    pace: Option<Duration>,
    next: Instant,
    replaced: usize,
}

impl Detect {
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, Error> {
        let Self { nodes, crashes, churn, .. } = *self;
        let mut run = Run::new(self, seed)?;
        let mut samples = Samples::new();
        let mut left = crashes as usize;
        for round in 2.. {
            if left == 0 {
                break;
            }
            let victims = run.victims(left.min((nodes / 100).max(1)));
            left -= victims.len();
            run.crash(&victims, &mut samples)?;
            for &victim in &victims {
                let through = run.someone();
                run.sim.restart(victim, Epoch::new(round).unwrap_or_default());
                run.sim.join(victim, [through]);
            }
            run.settle();
        }
        let mut pings = samples[PINGS].clone();
        pings.sort_unstable_by(f64::total_cmp);
        let interval = run.config.detector.probe_interval.as_secs_f64();
        let share =
            |(place, ping)| (ping * interval, 100.0 * (place + 1) as f64 / f64::from(crashes));
        let points = pings.into_iter().enumerate().map(share).collect();
        let pooled = Pooled::new(&samples);
        let figures = Figures { nodes, crashes, churn_percent_per_minute: churn, pooled };
        let curve = Curve { label: "crashes that have met a ping, %", points, ..Curve::default() };
        Ok(Outcome { samples, ..Outcome::new(figures, curve)? })
    }
}

impl Run {
    fn new(detect: &Detect, seed: u64) -> Result<Self, Error> {
        let Detect { nodes, churn, conditions, .. } = *detect;
        let config = conditions.config();
        let sim = conditions.settled_cluster(seed, nodes, &config)?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let pace = (churn > 0.0).then(|| Duration::from_secs_f64(6e3 / churn / nodes as f64));
        let (random, next) = (Random::new(seed, STREAM), sim.now() + pace.unwrap_or_default());
        let mut run = Self { sim, config, random, seen, pace, next, replaced: 0 };
        let tap = Arc::clone(&run.seen);
        run.sim.tap(move |passing| lock(&tap).datagram(passing));
        run.sim.record(|told| told.failed().is_some());
        run.settle();
        Ok(run)
    }

    /// Returns a random node that nearly all know.
    fn someone(&mut self) -> usize {
        let enough = self.sim.present().count() * 49 / 50;
        let known = self.sim.present().filter(|&index| self.sim.listed_by(index) >= enough);
        let known: Vec<usize> = known.collect();
        let any = self.random.below(known.len() as u64) as usize;
        known.get(any).copied().unwrap_or_default()
    }

    /// Returns at most this many nodes, of which none watches another.
    fn victims(&mut self, count: usize) -> Vec<usize> {
        let mut victims = vec![self.someone()];
        for _ in 0..10 * count {
            let other = self.someone();
            let seen = lock(&self.seen);
            let watches = |a, b| a == b || seen.pairs.contains(&(a, b));
            let apart = victims.iter().all(|&v| !watches(v, other) && !watches(other, v));
            if apart && victims.len() < count {
                victims.push(other);
            }
        }
        victims
    }

    /// Crashes the victims together, at a random moment.
    fn crash(&mut self, victims: &[usize], samples: &mut Samples) -> Result<(), Error> {
        let phase = self.random.below(self.config.detector.probe_interval.as_micros() as u64);
        self.run_until(Duration::from_micros(phase), |_| false);
        lock(&self.seen).first.clear();
        self.sim.take_log();
        let begin = self.sim.now();
        victims.iter().for_each(|&victim| self.sim.crash(victim));
        let mut known = vec![None; victims.len()];
        self.run_until(LIMIT, |sim| {
            for (known, &victim) in known.iter_mut().zip(victims) {
                if known.is_none() && sim.listed_by(victim) == 0 {
                    *known = Some(sim.now());
                }
            }
            known.iter().all(Option::is_some)
        });
        let deaths = self.sim.take_log();
        let seen = lock(&self.seen);
        for (known, &victim) in known.iter().zip(victims) {
            let id = self.sim.id(victim);
            let told = |told: &&LoggedEvent| told.failed().is_some_and(|member| member.id() == id);
            let death = deaths.iter().find(told).map(|told| told.at);
            let ping = seen.first.get(&victim).copied();
            let took = |at: Option<Instant>, what| {
                within(at.map(|at| at.saturating_duration_since(begin)), what)
            };
            let mut push = |name, number| samples.entry(name).or_default().push(number);
            push(PINGS, took(ping, PINGS)? / self.config.detector.probe_interval.as_secs_f64());
            push(DEATHS, took(death, DEATHS)?);
            push(KNOWN, took(*known, KNOWN)?);
        }
        Ok(())
    }

    /// Runs without faults, to learn which nodes watch which.
    fn settle(&mut self) {
        lock(&self.seen).pairs.clear();
        self.run_until(SETTLE, |_| false);
    }

    /// Runs until a condition holds, while nodes come and go.
    fn run_until(&mut self, limit: Duration, mut condition: impl FnMut(&Sim) -> bool) {
        let end = self.sim.now() + limit;
        loop {
            let until = if self.pace.is_some() { self.next.min(end) } else { end };
            let pause = until.saturating_duration_since(self.sim.now());
            if self.sim.run_until(pause, &mut condition).is_some() || self.sim.now() >= end {
                return;
            }
            self.replace();
        }
    }

    /// Replaces a node by a new one.
    fn replace(&mut self) {
        let gone = self.someone();
        if self.replaced.is_multiple_of(2) {
            self.sim.leave(gone);
        } else {
            self.sim.crash(gone);
        }
        self.replaced += 1;
        self.next = self.next + self.pace.unwrap_or_default();
        let index = self.sim.add(local(self.sim.len()), self.config.clone());
        let through = [self.someone(), self.someone()];
        self.sim.join(index, through);
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
