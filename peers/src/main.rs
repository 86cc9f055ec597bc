//! `cargo run --release --manifest-path peers/Cargo.toml -- --help`

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gossip_peers::simulated::{self, Simulated};
use gossip_peers::sockets::{self, Cluster, Sockets};
use gossip_peers::{Error, packets};

/// Measures the gossip engine and foca in one run.
#[derive(Parser)]
#[command(name = "peers", arg_required_else_help = false)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Clusters on loopback: how they meet, and the cost of idle ones.
    Sockets(Sockets),
    /// Clusters in one simulated network: how they meet, and the traffic of idle ones.
    Sim(Simulated),
    /// The cost of a packet for a node with 100 or 10,000 members.
    Packet,
    /// One cluster, in the process that measures it.
    #[command(hide = true)]
    Cluster(Cluster),
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => return fail(error.to_string().lines().next().unwrap_or_default()),
    };
    match run(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Sockets(sockets) => sockets::measure(sockets),
        Command::Sim(simulated) => simulated::measure(simulated),
        Command::Packet => packets::measure(),
        Command::Cluster(cluster) => cluster.run(),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}
