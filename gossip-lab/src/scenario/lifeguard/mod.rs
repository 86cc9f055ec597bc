//! The experiment of the Lifeguard paper: slow agents, and the deaths that are declared.

mod agents;

use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};
use gossip_core::Config;
use serde::Serialize;

use super::statistics::quantile;
use super::{Curve, Error, Outcome, in_parallel};
use agents::{Run, Tally};

/// Repeats the experiment of the Lifeguard paper (arXiv 1707.00788): of 128 agents some are slow,
/// all at the same times. The packets of a slow agent wait until the anomaly is over, while its
/// timers run. Interval: recurring anomalies; which agents are declared dead without being slow?
/// Threshold: one long anomaly; how soon do others notice, and all know? The runs of all
/// configurations use all cores, each with a seed of its own, the same for each configuration.
#[derive(Clone, Debug, Args)]
pub struct Lifeguard {
    /// Only these configurations, separated by commas. Percentages need swim.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Subject::value_variants())]
    pub config: Vec<Subject>,
    /// Numbers of slow agents, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = SLOW, value_parser = slow)]
    pub slow: Vec<usize>,
    /// Lengths of an anomaly, in milliseconds.
    #[arg(long, value_delimiter = ',', default_values_t = ANOMALY)]
    pub anomaly: Vec<u64>,
    /// Times between two anomalies.
    #[arg(long, value_delimiter = ',', default_values_t = GAP)]
    pub gap: Vec<u64>,
    /// Lengths of the single anomaly that should be noticed.
    #[arg(long, value_delimiter = ',', default_values_t = LONG)]
    pub long: Vec<u64>,
    /// Number of runs of each combination of parameters.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=1_000))]
    pub repetitions: u64,
    /// Run each combination once, a tenth of the whole, instead of --repetitions.
    #[arg(long, conflicts_with = "repetitions")]
    pub quick: bool,
}

/// The parameters of the paper.
const SLOW: [usize; 9] = [1, 4, 8, 12, 16, 20, 24, 28, 32];
const ANOMALY: [u64; 6] = [128, 512, 2_048, 8_192, 16_384, 32_768];
const GAP: [u64; 8] = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384];
/// The paper's anomalies that SWIM can notice.
const LONG: [u64; 2] = [16_384, 32_768];

/// The examined detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// SWIM, with a suspicion of alpha = 5, beta = 1.
    Swim,
    /// SWIM and Lifeguard's local health for probes.
    LhaProbe,
    /// SWIM and Lifeguard's suspicion: beta = 6.
    LhaSuspicion,
    /// SWIM and Lifeguard's buddy system.
    Buddy,
    /// SWIM and all three extensions.
    Lifeguard,
    /// The preset for a data centre.
    Ours,
    /// The same with a third of the suspicion timeout.
    OursFast,
}

impl Subject {
    const fn name(self) -> &'static str {
        match self {
            Self::Swim => "SWIM",
            Self::LhaProbe => "LHA-Probe",
            Self::LhaSuspicion => "LHA-Suspicion",
            Self::Buddy => "Buddy",
            Self::Lifeguard => "Lifeguard",
            Self::Ours => "ours",
            Self::OursFast => "ours fast",
        }
    }

    fn config(self) -> Config {
        let lan = Config::lan();
        // memberlist's sender, held up during its rounds, goes on at once.
        let (swim, lifeguard) = (Config::lan().swim(), Config::lan().lifeguard());
        let swim = swim.with(|config| config.rumors.coalesce_delay = Duration::ZERO);
        match self {
            Self::Swim => swim,
            Self::LhaProbe => swim.with(|config| config.detector.max_local_health = 8),
            Self::LhaSuspicion => swim.with(|config| config.detector.suspicion_max_mult = 6),
            Self::Buddy => swim.with(|config| config.detector.buddy_system = true),
            Self::Lifeguard => {
                lifeguard.with(|config| config.rumors.coalesce_delay = Duration::ZERO)
            }
            Self::Ours => lan,
            Self::OursFast => {
                lan.with(|config| config.detector.suspicion_timeout = Duration::from_millis(500))
            }
        }
    }
}

#[derive(Serialize)]
struct Figures {
    agents: usize,
    configs: Vec<Row>,
}

/// The result of one configuration. Percentages are relative to SWIM.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    runs: usize,
    /// Number of reported deaths of agents that were not slow; and those of them by agents that
    /// were not slow themselves. Interval only.
    fp: u64,
    fp_healthy: u64,
    fp_percent: Option<f64>,
    fp_healthy_percent: Option<f64>,
    /// Time from the beginning of a long anomaly until the first healthy agent reports the slow
    /// one's death, and until the last does. Threshold only.
    detect_s: Quantiles,
    spread_s: Quantiles,
    /// Number of long anomalies that all noticed.
    noticed_percent: f64,
    /// Datagrams, request frames, and their bytes without headers of UDP and TCP. Interval only.
    messages_percent: Option<f64>,
    bytes_percent: Option<f64>,
}

#[derive(Serialize)]
struct Quantiles {
    median: f64,
    p99: f64,
    p999: f64,
}

impl Quantiles {
    fn of(numbers: &[f64]) -> Self {
        let [median, p99, p999] = [0.5, 0.99, 0.999].map(|share| quantile(numbers, share));
        Self { median, p99, p999 }
    }
}

impl Lifeguard {
    /// Returns the number of runs.
    #[must_use]
    pub fn runs(&self) -> u64 {
        let repetitions = if self.quick { 1 } else { self.repetitions };
        repetitions * (self.config.len() * self.combinations().len()) as u64
    }

    fn combinations(&self) -> Vec<Run> {
        let combine = |&slow: &usize| {
            let interval = self.anomaly.iter().flat_map(move |&anomaly| {
                self.gap.iter().map(move |&gap| Run::new(slow, anomaly, Some(gap)))
            });
            interval.chain(self.long.iter().map(move |&long| Run::new(slow, long, None)))
        };
        self.slow.iter().flat_map(combine).collect()
    }

    /// Makes all runs in several threads. Calls `done` after each.
    ///
    /// # Errors
    ///
    /// A cluster does not form, or a run breaks a law of the protocol.
    pub fn run(&self, seed: u64, threads: usize, done: impl Fn() + Sync) -> Result<Outcome, Error> {
        let combinations = self.combinations();
        let subjects = self.config.len() as u64;
        let results = in_parallel(self.runs(), threads, |number| {
            let (place, subject) = (number / subjects, (number % subjects) as usize);
            let run = combinations[place as usize % combinations.len()];
            // The multiplier separates the runs of neighbouring seeds.
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(place);
            let tally = run.tally(seed, &self.config[subject].config());
            done();
            tally
        });
        let mut tallies = vec![(0, Tally::default()); self.config.len()];
        for (number, result) in results.into_iter().enumerate() {
            let (runs, tally) = &mut tallies[number % self.config.len()];
            *runs += 1;
            tally.add(result?);
        }
        let swim = self.config.iter().position(|&subject| subject == Subject::Swim);
        let swim = swim.map(|place| &tallies[place].1);
        let each = self.config.iter().map(|subject| subject.name()).zip(&tallies);
        let rows = each.clone().map(|(name, (runs, tally))| row(name, *runs, tally, swim));
        let figures = Figures { agents: agents::COUNT, configs: rows.collect() };
        let curves = each.map(|(name, (_, tally))| curve(name, tally)).collect();
        Ok(Outcome { curves, ..Outcome::new(figures, Curve::default())? })
    }
}

/// Returns the share of long anomalies that a healthy agent noticed, over time.
fn curve(name: &'static str, tally: &Tally) -> Curve {
    let mut times = tally.detect.clone();
    times.sort_unstable_by(f64::total_cmp);
    let share = |(place, time)| (time, 100.0 * (place + 1) as f64 / tally.long.max(1) as f64);
    let points = times.into_iter().enumerate().map(share).collect();
    Curve { name, label: "long anomalies that are noticed, %", points }
}

/// Parses a number of slow agents.
fn slow(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(slow @ 1..agents::COUNT) => Ok(slow),
        _ => Err("it must be from 1 to 127".into()),
    }
}

fn row(name: &'static str, runs: usize, tally: &Tally, swim: Option<&Tally>) -> Row {
    let percent = |figure: fn(&Tally) -> u64| {
        swim.map(|swim| 100.0 * figure(tally) as f64 / figure(swim).max(1) as f64)
    };
    Row {
        name,
        runs,
        fp: tally.fp,
        fp_healthy: tally.fp_healthy,
        fp_percent: percent(|tally| tally.fp),
        fp_healthy_percent: percent(|tally| tally.fp_healthy),
        detect_s: Quantiles::of(&tally.detect),
        spread_s: Quantiles::of(&tally.spread),
        noticed_percent: 100.0 * tally.spread.len() as f64 / tally.long.max(1) as f64,
        messages_percent: percent(|tally| tally.sent.datagrams + tally.sent.frames),
        bytes_percent: percent(|tally| tally.sent.bytes()),
    }
}
