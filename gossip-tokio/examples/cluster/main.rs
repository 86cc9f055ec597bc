//! A real cluster in one process. Its nodes meet; one is killed and returns; another leaves.
//!
//! `cargo run --release -p gossip-tokio --example cluster -- --help`

mod cluster;
mod model;
mod view;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde::Serialize;

use cluster::Cluster;
use model::Notice;
use view::{Output, View};

/// Duration of the measurement of the idle cluster.
const IDLE: Duration = Duration::from_secs(4);

/// Starts nodes on loopback that join through one of them. Kills one, restarts it, lets another
/// leave, and measures how soon all others know.
#[derive(Parser)]
#[command(name = "cluster")]
struct Args {
    /// Number of nodes, 2 to 1000. Each takes two file descriptors.
    #[arg(long, value_name = "N", default_value_t = 25)]
    #[arg(value_parser = clap::value_parser!(u16).range(2..=1000))]
    nodes: u16,
    /// Print the figures as one JSON object only.
    #[arg(long)]
    json: bool,
}

/// Times in seconds from the cause until nodes know, and rates of the idle cluster per node and
/// second.
#[derive(Serialize)]
struct Figures {
    nodes: usize,
    /// Until every node knew every other.
    meet_s: f64,
    /// Until the first node knew that the killed one was dead.
    first_notice_s: f64,
    /// Until the last node knew it.
    last_notice_s: f64,
    packets_per_node_s: f64,
    bytes_per_node_s: f64,
    cpu_us_per_node_s: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => return fail(error.to_string().lines().next().unwrap_or_default()),
    };
    let output = if args.json { Output::Silent } else { Output::detect() };
    match run(args, View::new(output)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}

async fn run(args: Args, view: View) -> Result<(), Box<dyn std::error::Error>> {
    let nodes = usize::from(args.nodes);
    view.say(&format!("{nodes} nodes on 127.0.0.1, in one process, join through the first one"));
    let mut cluster = Cluster::start(nodes).await?;
    let meet = cluster.meet(&view).await?;
    let idle = cluster.idle(IDLE, &view).await;
    // The first node is the seed of all, and the last one will leave.
    let victim = nodes / 2;
    let (suspicion, verdict) = cluster.kill(victim, &view).await?;
    let back = cluster.restart(victim, &view).await?;
    let left = cluster.leave(nodes - 1, &view).await?;
    view.table(&[
        ("know each other", meet),
        ("suspect the killed node", suspicion),
        ("know that it is dead", verdict),
        ("know that it is back", back),
        ("know that another has left", left),
    ]);
    view.say(&format!(
        "idle, per node and second: {:.1} packets, {:.0} bytes, {:.0} us of CPU",
        idle.packets, idle.bytes, idle.cpu_us
    ));
    if args.json {
        let Notice { first, last } = verdict;
        let figures = Figures {
            nodes,
            meet_s: meet.last.as_secs_f64(),
            first_notice_s: first.as_secs_f64(),
            last_notice_s: last.as_secs_f64(),
            packets_per_node_s: idle.packets,
            bytes_per_node_s: idle.bytes,
            cpu_us_per_node_s: idle.cpu_us,
        };
        println!("{}", serde_json::to_string(&figures)?);
    }
    Ok(())
}
