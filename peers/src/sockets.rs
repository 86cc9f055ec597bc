//! Real clusters of all systems, in turns, each in a process of its own.

use std::env;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::clusters::WORKERS;
use crate::run::{self, Run, System, Task};
use crate::table::{self, Spread};

/// Options of a measurement of clusters.
#[derive(Clone, Copy, Debug, Args)]
pub struct Sockets {
    #[command(flatten)]
    size: Size,
    /// Number of clusters of each kind, 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Print the figures as one JSON object only.
    #[arg(long)]
    json: bool,
}

/// Options of one cluster in this process.
#[derive(Clone, Copy, Debug, Args)]
pub struct Cluster {
    system: System,
    #[command(flatten)]
    size: Size,
}

#[derive(Clone, Copy, Debug, Args)]
struct Size {
    /// Number of nodes, 2 to 1000. Each takes up to three file descriptors.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u16).range(2..=1000))]
    nodes: u16,
    /// Length of the idle window in seconds, 1 to 3600.
    #[arg(long, value_name = "S", default_value_t = 10)]
    #[arg(value_parser = value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Time limit for the nodes to meet in seconds, 1 to 3600.
    #[arg(long, value_name = "S", default_value_t = 120)]
    #[arg(value_parser = value_parser!(u32).range(1..=3600))]
    limit: u32,
    /// Time from the first join to the last in milliseconds, 0 to 60000. At 0, foca's nodes probe
    /// in step forever, and their process wakes up for many at once.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    #[arg(value_parser = value_parser!(u32).range(0..=60_000))]
    spread: u32,
}

/// A figure: name in JSON, title, decimals to show, and accessor.
struct Figure(&'static str, &'static str, usize, fn(&Run) -> f64);

const FIGURES: [Figure; 12] = [
    Figure("meet_s", "all know all, s", 2, |run| run.meet_s.unwrap_or(f64::INFINITY)),
    Figure("meet_cpu_ms", "  CPU until then, ms", 2, |run| run.meet_cpu_ms),
    Figure("meet_packets", "  datagrams until then", 1, |run| run.meet_packets),
    Figure("meet_bytes", "  bytes until then", 0, |run| run.meet_bytes),
    Figure("meet_requests", "  TCP requests until then", 1, |run| run.meet_requests),
    Figure("idle_cpu_us", "idle: CPU / s, us", 0, |run| run.idle_cpu_us),
    Figure("idle_packets", "  datagrams sent / s", 2, |run| run.idle_packets),
    Figure("idle_bytes", "  bytes sent / s", 1, |run| run.idle_bytes),
    Figure("idle_requests", "  TCP requests / s", 2, |run| run.idle_requests),
    Figure("resident_kib", "resident memory, KiB", 1, |run| run.resident_kib),
    Figure("threads", "threads", 2, |run| run.threads.unwrap_or(f64::INFINITY)),
    Figure("errors", "inputs refused", 0, |run| run.errors),
];

impl Figure {
    fn of(&self, runs: &[Run]) -> Spread {
        Spread::new(runs.iter().map(self.3).collect())
    }
}

impl Cluster {
    /// Runs the cluster and prints its figures as JSON, for the process that started this one.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses the sockets, or does not provide the figures.
    pub fn run(self) -> Result<(), Error> {
        let task = Task {
            nodes: self.size.nodes.into(),
            spread: Duration::from_millis(self.size.spread.into()),
            window: Duration::from_secs(self.size.seconds.into()),
            limit: Duration::from_secs(self.size.limit.into()),
        };
        println!("{}", serde_json::to_string(&run::run(self.system, task)?)?);
        Ok(())
    }

    /// Runs the cluster in a process of its own.
    fn spawn(self) -> Result<Run, Error> {
        let Self { system, size: Size { nodes, seconds, limit, spread } } = self;
        let name = name(system);
        let mut command = Command::new(env::current_exe()?);
        command.args(["cluster", &name, "--nodes", &nodes.to_string()]);
        command.args(["--seconds", &seconds.to_string(), "--limit", &limit.to_string()]);
        command.args(["--spread", &spread.to_string()]);
        // The builder of tokio sets its threads.
        for variable in ["SMOL_THREADS", "ASYNC_STD_THREAD_COUNT"] {
            command.env(variable, WORKERS.to_string());
        }
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("the {name} cluster ended with {}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Measures clusters of all systems in turns and prints the results.
///
/// # Errors
///
/// Fails if a cluster cannot be run.
pub fn measure(sockets: Sockets) -> Result<(), Error> {
    let Sockets { size, rounds, json } = sockets;
    let systems = System::value_variants();
    let mut all = vec![Vec::new(); systems.len()];
    for round in 0..rounds as usize {
        for turn in 0..systems.len() {
            // No system always comes first.
            let index = (round + turn) % systems.len();
            let run = Cluster { system: systems[index], size }.spawn()?;
            if !json {
                let (name, cpu) = (name(systems[index]), run.idle_cpu_us);
                eprintln!("round {} of {rounds}: {name}, {cpu:.0} us when idle", round + 1);
            }
            all[index].push(run);
        }
    }
    let results: Vec<_> = systems.iter().copied().zip(all).collect();
    if json {
        println!("{}", object(size, rounds, &results));
    } else {
        print(size, rounds, &results);
    }
    Ok(())
}

fn name(system: System) -> String {
    system.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Returns the idle CPU of one system relative to that of foca in the same round.
fn to_foca(runs: &[Run], results: &[(System, Vec<Run>)]) -> Spread {
    let foca = results.iter().filter(|(system, _)| *system == System::Foca);
    let foca = foca.flat_map(|(_, runs)| runs);
    Spread::new(runs.iter().zip(foca).map(|(a, b)| a.idle_cpu_us / b.idle_cpu_us).collect())
}

/// Formats each figure as `[min, median, max]`, with null for a missing one.
fn object(size: Size, rounds: u32, results: &[(System, Vec<Run>)]) -> Value {
    let of_system = |(system, runs): &(System, Vec<Run>)| {
        let figure = |figure: &Figure| (figure.0.to_owned(), json!(figure.of(runs).array()));
        let mut figures: Map<_, _> = FIGURES.iter().map(figure).collect();
        figures.insert("to_foca".to_owned(), json!(to_foca(runs, results).array()));
        (name(*system), figures.into())
    };
    let systems: Map<_, _> = results.iter().map(of_system).collect();
    let Size { nodes, seconds, spread, .. } = size;
    json!({
        "nodes": nodes, "seconds": seconds, "spread_ms": spread, "rounds": rounds,
        "systems": systems,
    })
}

fn print(size: Size, rounds: u32, results: &[(System, Vec<Run>)]) {
    let Size { nodes, seconds, spread, .. } = size;
    println!("{nodes} nodes on loopback in one process, joining within {spread} ms;");
    println!("{rounds} rounds, idle for {seconds} s; medians, per node");
    let names: Vec<_> = results.iter().map(|(system, _)| name(*system)).collect();
    let header: Vec<_> = [""].into_iter().chain(names.iter().map(String::as_str)).collect();
    let mut table = table::new(&header);
    let mut row = |title: &str, cell: &dyn Fn(&[Run]) -> String| {
        let cells = results.iter().map(|(_, runs)| cell(runs));
        table.add_row([title.to_owned()].into_iter().chain(cells));
    };
    for figure in &FIGURES {
        row(figure.1, &|runs| table::number(figure.of(runs).median, figure.2));
        if figure.0 == "idle_cpu_us" {
            row("  to foca's of the same round", &|runs| to_foca(runs, results).show(2));
        }
    }
    println!("{}", table::right(table));
}
