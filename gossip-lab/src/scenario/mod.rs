//! The scenarios, one per file: options, figures, and run.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use gossip_core::Config;
use serde::Serialize;
use serde_json::{Map, Value};

use gossip_sim::{Latency, Network, Sim, SimConfig};

pub mod churn;
pub mod crash;
pub mod detect;
pub mod flap;
pub mod join;
pub mod lifeguard;
pub mod loss;
pub mod missed;
pub mod oneway;
mod parallel;
pub mod partition;
pub mod pause;
pub mod reconcile;
pub mod restart;
pub mod scale;
pub mod soak;
pub mod spread;
mod statistics;
pub mod strategies;
pub mod suspend;
pub mod trace;

pub use parallel::in_parallel;

/// All scenarios.
#[derive(Clone, Debug, Subcommand)]
pub enum Scenario {
    /// All nodes join at once through one.
    Join(join::Join),
    /// One change reaches a settled cluster.
    Spread(spread::Spread),
    /// Ways to spread a rumour, in a model.
    Strategies(strategies::Strategies),
    /// Two nodes with large tables find where they differ.
    Reconcile(reconcile::Reconcile),
    /// A node that was deaf while a change spread learns of it.
    Missed(missed::Missed),
    /// Half of the nodes restart at once.
    Restart(restart::Restart),
    /// Two halves are separated, and meet again.
    Partition(partition::Partition),
    /// Nodes come and go, and departed ones are forgotten.
    Churn(churn::Churn),
    /// One node crashes.
    Crash(crash::Crash),
    /// Many nodes crash, one after the other: how soon others notice.
    Detect(detect::Detect),
    /// No node fails, but packets are lost.
    Loss(loss::Loss),
    /// A few nodes are barely reachable: which are declared dead, and how often they come and go.
    Flap(flap::Flap),
    /// One node is deaf, one is mute, and some are lossy.
    Oneway(oneway::Oneway),
    /// One process is paused, and resumes.
    Pause(pause::Pause),
    /// All processes are paused, and resume.
    Suspend(suspend::Suspend),
    /// The experiment of the Lifeguard paper: slow agents, and the deaths that are declared.
    Lifeguard(lifeguard::Lifeguard),
    /// An idle cluster: its speed and memory.
    Scale(scale::Scale),
    /// The fingerprint of a run, equal on all machines.
    Trace(trace::Trace),
    /// Many seeds of random faults, with all laws checked.
    Soak(soak::Soak),
}

/// The result of one run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The figures by name, in their order.
    pub figures: Map<String, Value>,
    /// The curves of a plot.
    pub curves: Vec<Curve>,
    /// Samples of figures that several trials give better together.
    pub samples: Samples,
}

/// Samples by name.
pub type Samples = BTreeMap<&'static str, Vec<f64>>;

/// A line in a plot.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// The name of the curve, where a run gives several; else empty.
    pub name: &'static str,
    /// The meaning of `y`; empty if there is no plot. `x` is in seconds.
    pub label: &'static str,
    /// The points by ascending `x`.
    pub points: Vec<(f64, f64)>,
}

/// An error as one line.
pub type Error = String;

impl Outcome {
    fn new(figures: impl Serialize, curve: Curve) -> Result<Self, Error> {
        Ok(Self { figures: object(figures)?, curves: vec![curve], samples: Samples::new() })
    }
}

fn object(figures: impl Serialize) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(figures) {
        Ok(Value::Object(figures)) => Ok(figures),
        other => Err(format!("no figures: {other:?}")),
    }
}

impl Scenario {
    /// Runs the scenario once.
    ///
    /// # Errors
    ///
    /// The options contradict each other, or the measured event did not happen in time.
    ///
    /// # Panics
    ///
    /// Panics if the run breaks a law of the protocol.
    pub fn run(&self, seed: u64) -> Result<Outcome, Error> {
        match self {
            Self::Join(scenario) => scenario.run(seed),
            Self::Spread(scenario) => scenario.run(seed),
            Self::Strategies(scenario) => scenario.run(seed),
            Self::Reconcile(scenario) => scenario.run(seed),
            Self::Missed(scenario) => scenario.run(seed),
            Self::Restart(scenario) => scenario.run(seed),
            Self::Partition(scenario) => scenario.run(seed),
            Self::Churn(scenario) => scenario.run(seed),
            Self::Crash(scenario) => scenario.run(seed),
            Self::Detect(scenario) => scenario.run(seed),
            Self::Loss(scenario) => scenario.run(seed),
            Self::Flap(scenario) => scenario.run(seed),
            Self::Oneway(scenario) => scenario.run(seed),
            Self::Pause(scenario) => scenario.run(seed),
            Self::Suspend(scenario) => scenario.run(seed),
            Self::Scale(scenario) => scenario.run(seed),
            Self::Trace(scenario) => scenario.run(seed),
            Self::Lifeguard(_) | Self::Soak(_) => Err("it consists of many runs".into()),
        }
    }

    /// Returns the figures of the samples of all trials together, instead of the mean over trials.
    ///
    /// # Errors
    ///
    /// The figures cannot be serialised.
    pub fn pooled(&self, outcomes: &[Outcome]) -> Result<Map<String, Value>, Error> {
        let mut pool = Samples::new();
        for (&name, numbers) in outcomes.iter().flat_map(|outcome| &outcome.samples) {
            pool.entry(name).or_default().extend(numbers);
        }
        match self {
            Self::Detect(_) => object(detect::Pooled::new(&pool)),
            Self::Loss(_) => object(loss::Pooled::new(&pool)),
            _ => Ok(Map::new()),
        }
    }

    /// Returns whether trials must run alone, as where they measure time and memory.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        matches!(self, Self::Scale(_))
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

/// The network of a scenario.
#[derive(Clone, Copy, Debug, Args)]
pub struct Conditions {
    /// Probability that a packet is lost, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = probability)]
    pub loss: f64,
    /// One-way latency in milliseconds: one number, or a range as in 0.5-2.
    #[arg(long, default_value = "0.5-2", value_parser = latency)]
    pub latency: Latency,
    /// Whether nodes can make requests, as over TCP.
    #[arg(long, value_enum, default_value_t = OnOff::On)]
    pub requests: OnOff,
}

impl Conditions {
    /// Number of nodes up to which the laws are checked at every event; that costs 24 bytes per
    /// pair.
    const CHECKED: usize = 2_000;

    /// Returns a healthy local network with this loss.
    #[must_use]
    pub const fn lan(loss: f64) -> Self {
        Self { loss, latency: Network::lan().latency, requests: OnOff::On }
    }

    fn network(&self) -> Network {
        Network { latency: self.latency, ..Network::lan().loss(self.loss) }
    }

    fn sim(&self, seed: u64, nodes: usize) -> SimConfig {
        let checks = nodes <= Self::CHECKED;
        SimConfig { checks, ..SimConfig::new(seed).network(self.network()) }
    }

    fn config(&self) -> Config {
        Config::lan().with(|config| config.requests.enabled = self.requests == OnOff::On)
    }

    /// Returns a settled cluster in which all know all, formed without loss.
    fn settled_cluster(&self, seed: u64, nodes: usize, config: &Config) -> Result<Sim, Error> {
        let lossless = Self { loss: 0.0, ..*self };
        let mut sim = Sim::cluster(nodes, lossless.sim(seed, nodes), config);
        sim.join_all(Duration::ZERO);
        within(sim.run_until(Duration::from_secs(300), Sim::all_know_all), "all know all")?;
        sim.run_for(Duration::from_secs(10));
        sim.set_network(self.network());
        Ok(sim)
    }
}

/// Parses a number of nodes, at least two.
fn nodes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(nodes @ 2..=100_000) => Ok(nodes),
        _ => Err("it must be from 2 to 100,000".into()),
    }
}

/// Parses a percentage.
fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("it must be from 0 to 100".into()),
    }
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("it must be from 0 to 1".into()),
    }
}

fn latency(text: &str) -> Result<Latency, String> {
    let milliseconds = |text: &str| match text.parse::<f64>() {
        Ok(number) if (0.0..=60_000.0).contains(&number) => {
            Ok(Duration::from_secs_f64(number / 1e3))
        }
        _ => Err("it must be milliseconds, one number or two as in 0.5-2".to_owned()),
    };
    let Some((min, max)) = text.split_once('-') else {
        return milliseconds(text).map(Latency::Constant);
    };
    let (min, max) = (milliseconds(min)?, milliseconds(max)?);
    if min > max {
        return Err("the least comes first".into());
    }
    Ok(Latency::Uniform { min, max })
}

/// Returns seconds since the origin of virtual time.
fn seconds(sim: &Sim) -> f64 {
    sim.now().as_micros() as f64 / 1e6
}

/// Converts the time of an event to seconds, or fails if it did not happen in time.
fn within(took: Option<Duration>, what: &str) -> Result<f64, Error> {
    took.map(|took| took.as_secs_f64()).ok_or_else(|| format!("{what}: not in time"))
}

/// Runs until a condition holds, and samples a quantity 50 times per second.
fn follow(
    sim: &mut Sim,
    limit: Duration,
    label: &'static str,
    quantity: impl Fn(&Sim) -> f64,
    condition: impl Fn(&Sim) -> bool,
) -> (Option<Duration>, Curve) {
    const STEP: f64 = 0.02;
    let begin = seconds(sim);
    let mut points = vec![(0.0, quantity(sim))];
    let took = sim.run_until(limit, |sim| {
        let elapsed = seconds(sim) - begin;
        if points.last().is_none_or(|(last, _)| elapsed >= last + STEP) {
            points.push((elapsed, quantity(sim)));
        }
        condition(sim)
    });
    points.push((seconds(sim) - begin, quantity(sim)));
    (took, Curve { label, points, ..Curve::default() })
}

/// Returns the share of pairs that know each other, in percent.
fn known_share(sim: &Sim) -> f64 {
    let nodes = sim.present().count();
    100.0 * sim.known_pairs() as f64 / (nodes * (nodes - 1)) as f64
}

/// Returns the bytes sent per node in each second from `first` on.
fn traffic_curve(sim: &Sim, first: f64, nodes: usize) -> Curve {
    let seconds = sim.traffic_by_second().iter().enumerate().skip(first as usize);
    let points = seconds
        .map(|(second, sent)| (second as f64 - first.floor(), sent.bytes() as f64 / nodes as f64));
    Curve { label: "bytes per node and second", points: points.collect(), ..Curve::default() }
}
