//! One node, for a terminal of its own: events as they come; Ctrl-C leaves, a second one kills.
//!
//! `cargo run -p gossip-tokio --example node -- --bind 127.0.0.1:7946 --join 127.0.0.1:7947`

use std::process::ExitCode;

use clap::Parser;
use gossip_tokio::{Error, Event, Gossip, Member, Status, Update};
use tokio::signal::ctrl_c;

/// Runs one node of a cluster and prints what happens, a line each. Ctrl-C leaves the cluster, a
/// second one ends the node at once.
#[derive(Parser)]
#[command(name = "node")]
struct Args {
    /// The address to bind, in UDP and TCP.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7946")]
    bind: String,
    /// The address that others are told, if it is another one.
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<String>,
    /// A node to join; may be given several times, or list several behind commas.
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    join: Vec<String>,
    /// The name of the cluster.
    #[arg(long, default_value = "")]
    cluster: String,
    /// What others see with this member.
    #[arg(long, default_value = "")]
    meta: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => return fail(error.to_string().lines().next().unwrap_or_default()),
    };
    match run(args).await {
        Ok(code) => code,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}

async fn run(args: Args) -> Result<ExitCode, Error> {
    let mut builder = Gossip::bind(args.bind).cluster(args.cluster).meta(args.meta);
    if let Some(address) = args.advertise {
        builder = builder.advertise(address);
    }
    let gossip = builder.seeds(&args.join).start().await?;
    println!("{:.8} at {}, Ctrl-C leaves", gossip.id(), gossip.local_addr());

    let mut events = gossip.events();
    let joining = gossip.join(args.join);
    let join = tokio::spawn(async {
        for outcome in joining.await {
            match outcome.result {
                Ok(id) => println!("joined through {:.8} at {}", id, outcome.seed),
                Err(error) => println!("{}: {error}; it will be tried again", outcome.seed),
            }
        }
    });
    let mut leaving = false;
    loop {
        tokio::select! {
            update = events.next() => match update {
                Some(update) => show(update),
                None => break,
            },
            _ = ctrl_c() => {
                if leaving {
                    return Ok(ExitCode::FAILURE);
                }
                leaving = true;
                println!("leaving; Ctrl-C again does not wait");
                drop(gossip.leave());
            }
        }
    }
    join.abort();
    Ok(ExitCode::SUCCESS)
}

fn show(update: Update) {
    match update {
        Update::Snapshot(members) => members.iter().for_each(|who| line("is", who)),
        Update::Lagged { lost } => println!("{lost} events lost"),
        Update::Event(event) => match event {
            Event::MemberUp(who) => line("has come", &who),
            Event::MemberUpdated(who) => line("has changed", &who),
            Event::MemberSuspected(who) => line("cannot be reached", &who),
            Event::MemberRefuted(who) => line("is well after all", &who),
            Event::MemberFailed(who) => line("has failed", &who),
            Event::MemberLeft(who) => line("has left", &who),
            Event::MemberForgotten(id) => println!("{id:.8} is forgotten"),
            Event::Left => println!("left"),
            Event::Conflict { address } => println!("another one with our id is at {address}"),
            Event::Message { from, payload } => {
                println!("{from:.8} says {}", payload.escape_ascii());
            }
            _ => {}
        },
        _ => {}
    }
}

fn line(what: &str, member: &Member) {
    let status = match member.status() {
        Status::Up => "up",
        Status::Leaving => "leaving",
        Status::Suspect => "suspected",
        Status::Dead => "dead",
        Status::Left => "gone",
        _ => "unknown",
    };
    let (id, address) = (member.id(), member.address());
    println!("{id:.8} {what}: {status}, at {address}, meta \"{}\"", member.meta().escape_ascii());
}
