//! One node. It prints its events, and leaves on Ctrl-C; a second Ctrl-C kills it.
//!
//! `cargo run -p gossip-tokio --example node -- --bind 127.0.0.1:7946 --join 127.0.0.1:7947`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gossip_tokio::{Error, Event, JoinEvent, Report, Update};
use tokio::signal::ctrl_c;

/// Runs one node of a cluster and prints its events. Ctrl-C leaves the cluster; a second Ctrl-C
/// ends the node at once.
#[derive(Parser)]
#[command(name = "node")]
struct Args {
    /// The address to bind, in UDP and TCP.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7946")]
    bind: String,
    /// The address at which others reach the node, if it differs.
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<String>,
    /// A node to join. Repeat the option, or separate several with commas.
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    join: Vec<String>,
    /// The name of the cluster.
    #[arg(long, default_value = "")]
    cluster: String,
    /// Metadata that all members see.
    #[arg(long, default_value = "")]
    meta: String,
    /// A file from which the node returns as the same member, without a node to join.
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
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
        Err(error) => fail(&format!("error: {}", Report(&error))),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}

async fn run(args: Args) -> Result<ExitCode, Error> {
    let mut builder = gossip_tokio::bind(args.bind).cluster(args.cluster).meta(args.meta);
    if let Some(address) = args.advertise {
        builder = builder.advertise(address);
    }
    if let Some(file) = args.snapshot {
        builder = builder.snapshot(file);
    }
    let gossip = builder.seeds(&args.join).start().await?;
    println!("{:.8} at {}, Ctrl-C leaves", gossip.id(), gossip.local_addr());
    if let Some(error) = gossip.snapshot_error() {
        println!("{}", Report(&*error));
    }

    let mut events = gossip.events();
    let joining = gossip.join(args.join);
    let join = tokio::spawn(async {
        for outcome in joining.await {
            println!("{outcome}");
        }
    });
    let mut leaving = false;
    loop {
        tokio::select! {
            update = events.next() => match update {
                Some(Update::Event(Event::Join(JoinEvent::Finished { .. }))) => {}
                Some(update) => println!("{update}"),
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
