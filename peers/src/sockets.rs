//! Real clusters of both systems, in turns, each in a process of its own.

use std::env;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{Args, value_parser};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::run::{self, Run, System, Task};
use crate::table::{self, Spread};

/// How to measure clusters.
#[derive(Clone, Copy, Debug, Args)]
pub struct Sockets {
    #[command(flatten)]
    size: Size,
    /// How many clusters of each kind, 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Print the figures as one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

/// One cluster, to be run in this process.
#[derive(Clone, Copy, Debug, Args)]
pub struct Cluster {
    system: System,
    /// From the first join to the last, in milliseconds.
    spread: u32,
    #[command(flatten)]
    size: Size,
}

#[derive(Clone, Copy, Debug, Args)]
struct Size {
    /// How many nodes, 2 to 1000; each takes up to two file descriptors.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u16).range(2..=1000))]
    nodes: u16,
    /// How long the idle window is, in seconds, 1 to 3600.
    #[arg(long, value_name = "S", default_value_t = 10)]
    #[arg(value_parser = value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// How long the nodes may take to meet, in seconds, 1 to 3600.
    #[arg(long, value_name = "S", default_value_t = 120)]
    #[arg(value_parser = value_parser!(u32).range(1..=3600))]
    limit: u32,
}

/// The ways in which a cluster comes together: name in JSON, title, and the milliseconds from the
/// first join to the last.
const STARTS: [(&str, &str, u32); 2] = [
    ("at_once", "all join at once", 0),
    ("staggered", "they join one after another, within a second", 1_000),
];

/// A figure: its name in JSON, its title, how many decimals to show, and where it is.
struct Figure(&'static str, &'static str, usize, fn(&Run) -> f64);

const FIGURES: [Figure; 11] = [
    Figure("meet_s", "until all know all, s", 2, |run| run.meet_s.unwrap_or(f64::INFINITY)),
    Figure("meet_cpu_ms", "  CPU until then, per node, ms", 2, |run| run.meet_cpu_ms),
    Figure("meet_packets", "  datagrams sent until then, per node", 1, |run| run.meet_packets),
    Figure("meet_bytes", "  bytes sent until then, per node", 0, |run| run.meet_bytes),
    Figure("meet_requests", "  TCP requests until then, per node", 1, |run| run.meet_requests),
    Figure("idle_cpu_us", "idle: CPU per node and second, us", 1, |run| run.idle_cpu_us),
    Figure("idle_packets", "  datagrams sent per node and second", 2, |run| run.idle_packets),
    Figure("idle_bytes", "  bytes sent per node and second", 1, |run| run.idle_bytes),
    Figure("idle_requests", "  TCP requests per node and second", 2, |run| run.idle_requests),
    Figure("resident_kib", "resident memory per node, KiB", 1, |run| run.resident_kib),
    Figure("errors", "inputs refused, all nodes", 0, |run| run.errors),
];

impl Figure {
    fn of(&self, runs: &[Run]) -> Spread {
        Spread::new(runs.iter().map(self.3).collect())
    }
}

/// The runs of one way to start, of both systems.
#[derive(Default)]
struct Runs {
    gossip: Vec<Run>,
    foca: Vec<Run>,
}

impl Cluster {
    /// Runs it and prints its figures as JSON, for the process that started this one.
    ///
    /// # Errors
    ///
    /// If the system refuses the sockets, or does not tell what is measured.
    pub fn run(self) -> Result<(), Error> {
        let task = Task {
            nodes: self.size.nodes.into(),
            spread: Duration::from_millis(self.spread.into()),
            window: Duration::from_secs(self.size.seconds.into()),
            limit: Duration::from_secs(self.size.limit.into()),
        };
        println!("{}", serde_json::to_string(&run::run(self.system, task)?)?);
        Ok(())
    }

    /// Runs it in a process of its own.
    fn spawn(self) -> Result<Run, Error> {
        let Self { system, spread, size: Size { nodes, seconds, limit } } = self;
        let name = name(system);
        let mut command = Command::new(env::current_exe()?);
        command.args(["cluster", name, &spread.to_string(), "--nodes", &nodes.to_string()]);
        command.args(["--seconds", &seconds.to_string(), "--limit", &limit.to_string()]);
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("the {name} cluster ended with {}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Measures clusters of both systems in turns and prints what they came to.
///
/// # Errors
///
/// If a cluster could not be run.
pub fn measure(sockets: Sockets) -> Result<(), Error> {
    let Sockets { size, rounds, json } = sockets;
    let mut starts = STARTS.map(|_| Runs::default());
    for round in 0..rounds {
        for ((_, title, spread), runs) in STARTS.iter().zip(&mut starts) {
            let mut turns = [(System::Gossip, &mut runs.gossip), (System::Foca, &mut runs.foca)];
            // Neither is always the first.
            turns.rotate_left(round as usize % 2);
            for (system, runs) in turns {
                let run = Cluster { system, spread: *spread, size }.spawn()?;
                if !json {
                    let (turn, what) = (round + 1, progress(system, &run));
                    eprintln!("round {turn} of {rounds}, {title}: {what}");
                }
                runs.push(run);
            }
        }
    }
    if json {
        println!("{}", object(size, rounds, &starts));
    } else {
        print(size, rounds, &starts);
    }
    Ok(())
}

fn name(system: System) -> &'static str {
    match system {
        System::Gossip => "gossip",
        System::Foca => "foca",
    }
}

fn progress(system: System, run: &Run) -> String {
    let met = match run.meet_s {
        Some(time) => format!("met in {time:.2} s"),
        None => "did not meet in time".to_owned(),
    };
    format!("{} {met}, {:.0} us per node and second when idle", name(system), run.idle_cpu_us)
}

/// Each figure as `[least, median, most]`; what never came is null.
fn object(size: Size, rounds: u32, starts: &[Runs; 2]) -> Value {
    let mut object = Map::new();
    object.insert("nodes".to_owned(), size.nodes.into());
    object.insert("seconds".to_owned(), size.seconds.into());
    object.insert("rounds".to_owned(), rounds.into());
    for ((key, ..), Runs { gossip, foca }) in STARTS.iter().zip(starts) {
        let figure = |figure: &Figure| {
            let (ours, theirs) = (figure.of(gossip), figure.of(foca));
            let ratio = ours.median / theirs.median;
            let value = json!({ "gossip": ours.array(), "foca": theirs.array(), "ratio": ratio });
            (figure.0.to_owned(), value)
        };
        object.insert((*key).to_owned(), FIGURES.iter().map(figure).collect::<Map<_, _>>().into());
    }
    object.into()
}

fn print(size: Size, rounds: u32, starts: &[Runs; 2]) {
    let Size { nodes, seconds, .. } = size;
    println!("{nodes} nodes on loopback in one process; {rounds} clusters; idle for {seconds} s");
    for ((_, title, _), Runs { gossip, foca }) in STARTS.iter().zip(starts) {
        let mut table = table::new(&[title, "gossip-tokio", "foca", "ratio"]);
        for figure in &FIGURES {
            let (ours, theirs) = (figure.of(gossip), figure.of(foca));
            let ratio = table::ratio(ours.median, theirs.median);
            table.add_row([figure.1, &ours.show(figure.2), &theirs.show(figure.2), &ratio]);
        }
        println!("{}", table::right(table));
    }
    println!("median (least to most); ratio: gossip-tokio to foca");
}
