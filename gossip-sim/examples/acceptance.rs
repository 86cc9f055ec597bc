//! Measures what the protocol promises, in virtual time, and prints a table. To be built with
//! `--release`.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use gossip_core::{Config, Epoch, Event, Incarnation, NodeId};
use gossip_sim::{Latency, Network, Notices, Occurrence, Sim, SimConfig};

/// Measures what the protocol promises, in virtual time.
#[derive(Parser)]
struct Options {
    /// What to measure; all of it if nothing is named.
    parts: Vec<Part>,
    /// Decides everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    Join,
    Crash,
    Hour,
    Restart,
    Partition,
    Idle,
    Trace,
}

fn main() {
    let Options { mut parts, seed } = Options::parse();
    if parts.is_empty() {
        parts = Part::value_variants().to_vec();
    }
    for part in parts {
        match part {
            Part::Join => join(seed),
            Part::Crash => crash(seed),
            Part::Hour => hour(seed),
            Part::Restart => restart(seed),
            Part::Partition => partition(seed),
            Part::Idle => idle(seed),
            Part::Trace => trace(seed),
        }
    }
}

fn row(what: impl Display, figures: impl Display) {
    println!("{what:<44} {figures}");
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

fn lan(requests: bool) -> Config {
    let mut config = Config::lan();
    config.requests = requests;
    config
}

fn on(switch: bool) -> &'static str {
    if switch { "on" } else { "off" }
}

/// 1,000 nodes join at once through one.
fn join(seed: u64) {
    for loss in [0.0, 0.1] {
        for requests in [true, false] {
            let set_up = SimConfig::new(seed).network(Network::lan().loss(loss));
            let mut sim = Sim::cluster(1_000, set_up, &lan(requests));
            let begin = Instant::now();
            sim.join_all(Duration::ZERO);
            let took = sim.run_until_all_know_all(Duration::from_secs(120));
            let (all, first) = (sim.total_traffic(), sim.traffic(0));
            row(
                format!("join 1,000, loss {:.0} %, requests {}", loss * 100.0, on(requests)),
                format!(
                    "all know all after {}; a node sent {:.0} kB on average, the seed {:.0} kB; \
                     {} of computing",
                    seconds(took),
                    all.bytes() as f64 / sim.len() as f64 / 1e3,
                    first.bytes() as f64 / 1e3,
                    seconds(begin.elapsed()),
                ),
            );
        }
    }
}

/// One of 100 crashes; over 100 trials.
fn crash(seed: u64) {
    for (loss, requests) in [(0.0, true), (0.1, true), (0.1, false)] {
        let trials = in_parallel(100, |trial| {
            let seed = seed.wrapping_add(trial);
            let set_up = SimConfig::new(seed).network(Network::lan().loss(loss));
            let mut sim = Sim::formed_cluster(100, set_up, &lan(requests));
            sim.run_for(Duration::from_millis(10_000 + 37 * trial));
            sim.crash_and_watch(trial as usize % 99 + 1, Duration::from_secs(300))
        });
        let name = format!("crash at 100, loss {:.0} %, requests {}", loss * 100.0, on(requests));
        row(format!("{name}: first notice"), distribution(&trials, |notices| notices.first));
        row(format!("{name}: last notice"), distribution(&trials, |notices| notices.last));
    }
}

fn distribution(trials: &[Notices], read: impl Fn(&Notices) -> Option<Duration>) -> String {
    let mut times: Vec<Duration> = trials.iter().filter_map(read).collect();
    times.sort_unstable();
    let unseen = trials.len() - times.len();
    let Some(most) = times.len().checked_sub(1) else { return "never".into() };
    let at = |percent: usize| seconds(times[most * percent / 100]);
    format!(
        "min {}, median {}, 90 % {}, 99 % {}, max {}; never {unseen}",
        at(0),
        at(50),
        at(90),
        at(99),
        at(100)
    )
}

/// One virtual hour of 100 nodes that lose a tenth of their packets.
fn hour(seed: u64) {
    for (loss, requests) in [(0.1, false), (0.1, true), (0.3, false)] {
        let set_up = SimConfig::new(seed).network(Network::lan().loss(loss));
        let mut sim = Sim::formed_cluster(100, set_up, &lan(requests));
        sim.run_for(Duration::from_secs(10));
        let raised = |sim: &Sim| (0..100).map(|i| sim.node(i).stats().suspicions_raised).sum();
        let (before, told): (u64, u64) = (raised(&sim), sim.false_deaths());
        sim.record(|occurrence| matches!(occurrence.event, Event::MemberFailed(_)));
        sim.run_for(Duration::from_secs(3_600));
        let mut victims: Vec<_> = sim.take_log().into_iter().filter_map(victim).collect();
        victims.sort_unstable();
        victims.dedup();
        row(
            format!("hour of 100, loss {:.0} %, requests {}", loss * 100.0, on(requests)),
            format!(
                "false deaths: {} (told {} times); suspicions raised: {}",
                victims.len(),
                sim.false_deaths() - told,
                raised(&sim) - before,
            ),
        );
    }
}

/// Which member failed, and at which point of its life: one death, however many tell of it.
fn victim(told: Occurrence) -> Option<(NodeId, Incarnation)> {
    match told.event {
        Event::MemberFailed(member) => Some((member.id(), member.incarnation())),
        _ => None,
    }
}

/// 50 of 100 restart at once with new epochs.
fn restart(seed: u64) {
    for requests in [true, false] {
        let mut sim = Sim::formed_cluster(100, SimConfig::new(seed), &lan(requests));
        sim.run_for(Duration::from_secs(10));
        for index in 50..100 {
            sim.restart(index, Epoch::new(2).unwrap_or_default());
            sim.join(index, [index - 50]);
        }
        let begin = sim.now();
        let known = sim.run_until_all_know_all(Duration::from_secs(60));
        let settled = |sim: &Sim| sim.all_know_all() && sim.all_settled();
        sim.run_until(Duration::from_secs(60), settled);
        let settled = sim.now().saturating_duration_since(begin);
        // The checks of the simulation stop it if an old self returns.
        sim.run_for(Duration::from_secs(3_600));
        sim.assert_converged();
        row(
            format!("50 of 100 restart, requests {}", on(requests)),
            format!(
                "all know all after {}, settled after {}; no old self in an hour, {} false deaths",
                seconds(known),
                seconds(settled),
                sim.false_deaths(),
            ),
        );
    }
}

/// Two halves are apart for ten minutes.
fn partition(seed: u64) {
    for (nodes, requests) in [(100, true), (100, false), (1_000, true)] {
        let mut sim = Sim::formed_cluster(nodes, SimConfig::new(seed), &lan(requests));
        sim.run_for(Duration::from_secs(10));
        sim.cut(move |from, to| (from < nodes / 2) != (to < nodes / 2));
        sim.run_for(Duration::from_secs(600));
        sim.heal();
        let whole = sim.run_until(Duration::from_secs(600), Sim::all_know_all);
        let equal = sim.run_until_converged(Duration::from_secs(120));
        row(
            format!("halves of {nodes} for 10 min, requests {}", on(requests)),
            format!(
                "whole after {}, fingerprints equal {} later",
                whole.map_or("never".into(), seconds),
                seconds(equal),
            ),
        );
    }
}

/// A cluster at rest: what it sends, and how fast it is simulated.
fn idle(seed: u64) {
    for nodes in [100, 1_000] {
        let set_up = SimConfig { checks: false, ..SimConfig::new(seed) };
        let mut sim = Sim::formed_cluster(nodes, set_up, &lan(true));
        sim.run_for(Duration::from_secs(20));
        let span = Duration::from_secs(600_000 / nodes as u64);
        let (before, delivered, begin) = (sim.total_traffic(), sim.delivered(), Instant::now());
        sim.run_for(span);
        let (sent, took) = (sim.total_traffic() - before, begin.elapsed().as_secs_f64());
        let share = nodes as f64 * span.as_secs_f64();
        row(
            format!("idle {nodes}"),
            format!(
                "{:.2} datagrams and {:.1} bytes per node and second; {:.2} million packets per \
                 second of computing, {:.0} times real time",
                sent.datagrams as f64 / share,
                sent.bytes() as f64 / share,
                (sim.delivered() - delivered) as f64 / took / 1e6,
                span.as_secs_f64() / took,
            ),
        );
    }
}

/// The same line in every process, build and machine.
fn trace(seed: u64) {
    let network = Network {
        latency: Latency::LogNormal { median: Duration::from_millis(2), sigma: 0.7 },
        duplicate: 0.01,
        reorder: 0.01,
        ..Network::lan().loss(0.1)
    };
    let mut sim = Sim::cluster(1_000, SimConfig::new(seed).network(network), &lan(true));
    sim.join_all(Duration::from_secs(1));
    sim.run_for(Duration::from_secs(10));
    sim.crash(7);
    sim.run_for(Duration::from_secs(10));
    row("trace of 1,000 nodes with loss", format!("{:016x}, {}", sim.trace(), sim.delivered()));
}

/// The results of many trials, in their order, from all cores.
fn in_parallel<T: Send>(trials: u64, run: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let work = || {
        let trials = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
            .take_while(|&trial| trial < trials);
        trials.map(|trial| (trial, run(trial))).collect::<Vec<_>>()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut results: Vec<(u64, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a trial failed")).collect()
    });
    results.sort_unstable_by_key(|(trial, _)| *trial);
    results.into_iter().map(|(_, result)| result).collect()
}
