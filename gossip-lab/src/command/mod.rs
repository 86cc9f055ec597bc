//! The command: options, trials, and output.

mod plot;
mod summary;

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::{Parser, value_parser};
use gossip_lab::scenario::{
    Error, Outcome, Scenario, in_parallel, lifeguard::Lifeguard, soak::Soak,
};
use indicatif::{ProgressBar, ProgressStyle};

use serde_json::Map;
use summary::Summary;

/// Measures the protocol in a deterministic network of many nodes, in virtual time.
#[derive(Parser)]
#[command(name = "gossip-lab", arg_required_else_help = false)]
pub(crate) struct Options {
    #[command(subcommand)]
    scenario: Scenario,
    /// The seed of all randomness. Further trials use the following seeds.
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    /// Number of runs, each with another seed.
    #[arg(long, global = true, default_value_t = 1, value_parser = value_parser!(u64).range(1..=1_000_000))]
    trials: u64,
    /// Print one JSON object instead of a table. With several trials a figure is their mean, and
    /// `spread` states how they differ.
    #[arg(long, global = true)]
    json: bool,
    /// Plot the result to this file, in SVG.
    #[arg(long, global = true, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    match &options.scenario {
        Scenario::Soak(soak) => return run_soak(soak, options),
        Scenario::Lifeguard(lifeguard) => return run_lifeguard(lifeguard, options),
        _ => {}
    }
    let outcomes = trials(options)?;
    plot(options, &outcomes)?;
    print(options, &Summary::new(&outcomes, options.scenario.pooled(&outcomes)?))
}

fn plot(options: &Options, outcomes: &[Outcome]) -> Result<(), Error> {
    let Some(path) = &options.svg else { return Ok(()) };
    let curves: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.curves).collect();
    plot::write(path, name(&options.scenario), &curves)
}

fn print(options: &Options, summary: &Summary) -> Result<(), Error> {
    let Options { scenario, seed, trials, json, .. } = options;
    if *json {
        println!("{}", summary.json(name(scenario), *seed, *trials));
    } else {
        println!("{}", summary.tables());
    }
    Ok(())
}

fn trials(options: &Options) -> Result<Vec<Outcome>, Error> {
    let Options { scenario, seed, trials, .. } = options;
    let threads = if scenario.is_alone() { 1 } else { cores() };
    let bar = progress(*trials);
    let results = in_parallel(*trials, threads, |trial| {
        let seed = seed.wrapping_add(trial);
        let result = scenario.run(seed).map_err(|error| format!("seed {seed}: {error}"));
        bar.inc(1);
        result
    });
    bar.finish_and_clear();
    results.into_iter().collect()
}

fn run_lifeguard(lifeguard: &Lifeguard, options: &Options) -> Result<(), Error> {
    if options.trials > 1 {
        return Err("it has --repetitions, no --trials".into());
    }
    let bar = progress(lifeguard.runs());
    let outcome = lifeguard.run(options.seed, cores(), || bar.inc(1))?;
    bar.finish_and_clear();
    let outcomes = [outcome];
    plot(options, &outcomes)?;
    print(options, &Summary::new(&outcomes, Map::new()))
}

fn run_soak(soak: &Soak, options: &Options) -> Result<(), Error> {
    if options.svg.is_some() || options.trials > 1 {
        return Err("a soak has --seeds, no --trials and no --svg".into());
    }
    let bar = progress(soak.seeds);
    let (outcome, failure) = soak.run(options.seed, cores(), || bar.inc(1))?;
    bar.finish_and_clear();
    print(options, &Summary::new(&[outcome], Map::new()))?;
    match failure {
        None => Ok(()),
        Some(failure) => Err(format!(
            "{}; to see it again: cargo run --release -p gossip-lab -- soak --seed {} --seeds 1",
            failure.what, failure.seed
        )),
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Returns a progress bar, shown on a terminal only.
fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}, {elapsed}, {eta} to go")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn name(scenario: &Scenario) -> &'static str {
    match scenario {
        Scenario::Join(_) => "join",
        Scenario::Spread(_) => "spread",
        Scenario::Reconcile(_) => "reconcile",
        Scenario::Missed(_) => "missed",
        Scenario::Restart(_) => "restart",
        Scenario::Partition(_) => "partition",
        Scenario::Churn(_) => "churn",
        Scenario::Crash(_) => "crash",
        Scenario::Detect(_) => "detect",
        Scenario::Loss(_) => "loss",
        Scenario::Flap(_) => "flap",
        Scenario::Oneway(_) => "oneway",
        Scenario::Pause(_) => "pause",
        Scenario::Suspend(_) => "suspend",
        Scenario::Lifeguard(_) => "lifeguard",
        Scenario::Scale(_) => "scale",
        Scenario::Trace(_) => "trace",
        Scenario::Soak(_) => "soak",
        Scenario::Strategies(_) => "strategies",
    }
}
