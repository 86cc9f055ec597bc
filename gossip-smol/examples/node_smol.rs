//! One node, for a terminal of its own: events as they come; Ctrl-C leaves, a second one kills.
//!
//! `cargo run -p gossip-smol --example node_smol -- --bind 127.0.0.1:7946 --join 127.0.0.1:7947`

use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use gossip_smol::{Error, Event, Gossip, JoinEvent, Update};

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
    /// A file that brings the node back, as the same member, without a node to join.
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => return fail(error.to_string().lines().next().unwrap_or_default()),
    };
    match smol::block_on(run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}

async fn run(args: Args) -> Result<(), Error> {
    let mut builder = Gossip::bind(args.bind).cluster(args.cluster).meta(args.meta);
    if let Some(address) = args.advertise {
        builder = builder.advertise(address);
    }
    if let Some(file) = args.snapshot {
        builder = builder.snapshot(file);
    }
    let (gossip, driver) = builder.seeds(&args.join).start().await?;
    let driver = smol::spawn(driver);
    println!("{:.8} at {}, Ctrl-C leaves", gossip.id(), gossip.local_addr());
    if let Some(error) = gossip.snapshot_error() {
        println!("{error}");
    }
    leave_on_ctrl_c(gossip.clone());

    let mut events = gossip.events();
    let joining = gossip.join(args.join);
    let join = smol::spawn(async {
        for outcome in joining.await {
            match outcome.result {
                Ok(id) => println!("joined through {:.8} at {}", id, outcome.seed),
                Err(error) => println!("{}: {error}; it will be tried again", outcome.seed),
            }
        }
    });
    while let Some(update) = events.next().await {
        if !matches!(update, Update::Event(Event::Join(JoinEvent::Finished { .. }))) {
            println!("{update}");
        }
    }
    drop(join);
    driver.await;
    Ok(())
}

/// Ctrl-C leaves, a second one does not wait for that.
fn leave_on_ctrl_c(gossip: Gossip) {
    let leaving = AtomicBool::new(false);
    let pressed = move || {
        if leaving.swap(true, Ordering::Relaxed) {
            process::exit(1);
        }
        println!("leaving; Ctrl-C again does not wait");
        drop(gossip.leave());
    };
    if let Err(error) = ctrlc::set_handler(pressed) {
        println!("Ctrl-C will not leave: {error}");
    }
}
