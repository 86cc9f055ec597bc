//! Real nodes on a machine with busy processors. The nodes must not declare slow members dead.
//! Later the load ends, one node is killed, and all others must notice soon.
//!
//! `cargo run --release -p gossip-tokio --example hog -- --help`

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use gossip_tokio::{Config, Error, Gossip, Status};
use tokio::time::timeout;

/// Time after which a wait fails.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts nodes on loopback and busy threads that compete with them, and counts false deaths.
#[derive(Parser)]
#[command(name = "hog")]
struct Args {
    /// Number of nodes, 2 to 1000. Each takes two file descriptors.
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u16).range(2..=1000))]
    nodes: u16,
    /// Number of busy threads; one per processor by default.
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    hogs: Option<u16>,
    /// Duration of the load in seconds, 1 to 3600.
    #[arg(long, value_name = "S", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => return fail(error.to_string().lines().next().unwrap_or_default()),
    };
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn fail(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::FAILURE
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let nodes = start(args.nodes.into()).await?;
    let others = nodes.len() - 1;
    let met = all(&nodes, move |node| node.live_peers() == others).await?;
    println!("{} nodes know each other after {:.2} s", nodes.len(), met.as_secs_f64());

    let hogs = args.hogs.map_or_else(processors, usize::from);
    let busy = Duration::from_secs(args.seconds.into());
    hog(hogs, busy).await?;
    let total = |count: fn(&Gossip) -> u64| nodes.iter().map(count).sum::<u64>();
    println!(
        "{hogs} busy threads for {} s: {} false deaths, {} suspicions, {} of {} probes failed",
        args.seconds,
        total(|node| node.stats().detector.deaths_declared),
        total(|node| node.stats().detector.suspicions_raised),
        total(|node| node.stats().detector.probes_failed),
        total(|node| node.stats().detector.probes),
    );

    all(&nodes, move |node| node.live_peers() == others).await?;
    let (victim, survivors) = nodes.split_last().expect("there are at least two");
    let id = victim.id();
    victim.shutdown().await;
    let dead = move |node: &gossip_tokio::Node| {
        node.member(&id).is_some_and(|member| member.status() == Status::Dead)
    };
    let known = all(survivors, dead).await?;
    println!("without load: all nodes know of a killed one after {:.2} s", known.as_secs_f64());
    Ok(())
}

/// Starts nodes that join through the first one.
async fn start(size: usize) -> Result<Vec<Gossip>, Error> {
    let mut nodes: Vec<Gossip> = Vec::with_capacity(size);
    for _ in 0..size {
        let node = gossip_tokio::bind("127.0.0.1:0").config(Config::lan()).start().await?;
        if let Some(first) = nodes.first() {
            // The join goes on in the background.
            drop(node.join([first.local_addr()]));
        }
        nodes.push(node);
    }
    Ok(nodes)
}

/// Waits until a condition holds for each node. Returns how long it took.
async fn all(
    nodes: &[Gossip],
    condition: impl Fn(&gossip_tokio::Node) -> bool + Clone + Send + 'static,
) -> Result<Duration, String> {
    let begin = Instant::now();
    for node in nodes {
        let so = timeout(LIMIT, node.until(condition.clone())).await;
        so.map_err(|_| format!("some nodes are not there yet after {} s", LIMIT.as_secs()))?;
    }
    Ok(begin.elapsed())
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Keeps threads busy for a while.
async fn hog(threads: usize, time: Duration) -> Result<(), tokio::task::JoinError> {
    static ENOUGH: AtomicBool = AtomicBool::new(false);
    for _ in 0..threads {
        thread::spawn(|| {
            while !ENOUGH.load(Relaxed) {
                std::hint::spin_loop();
            }
        });
    }
    // The runtime's timers may be as late as the nodes.
    tokio::task::spawn_blocking(move || thread::sleep(time)).await?;
    ENOUGH.store(true, Relaxed);
    Ok(())
}
