//! A comparison of the simulator with real hosts on a network that breaks and heals. Each scenario
//! runs in both, with the LAN preset. It must end in the same states, after times of the same
//! order.
//!
//! A host is a process in a network namespace of its own, with one node on one of the adapters. A
//! bridge joins five hosts, and nftables cuts it. All of it disappears with the processes. Where
//! namespaces are not available, the test says so and skips the scenarios.

#[path = "../adapters/mod.rs"]
mod adapters;
mod hosts;
mod node;
mod scenarios;
mod shell;
mod simulated;
mod world;

use std::env;
use std::process::{Command, ExitCode};
use std::time::Duration;

use hosts::Hosts;
use libtest_mimic::{Arguments, Trial};
use scenarios::Scenario;
use simulated::Simulated;

/// Number of simulator runs that determine the expected time.
const SEEDS: u64 = 40;

/// Time that a busy machine and the start of processes may add.
const SLACK: Duration = Duration::from_secs(2);

/// Environment variable of the process in the namespace of the bridges.
const INSIDE: &str = "GOSSIP_HOSTS_INSIDE";

fn main() -> ExitCode {
    if let Some(number) = node::number() {
        return node::run(number);
    }
    let mut arguments = Arguments::from_args();
    if arguments.list || env::var_os(INSIDE).is_some() {
        // The scenarios mostly wait.
        arguments.test_threads.get_or_insert(scenarios::ALL.len());
        return libtest_mimic::run(&arguments, trials()).exit_code();
    }
    match shell::namespace() {
        Ok(namespace) => run_inside(namespace),
        Err(reason) => {
            println!("SKIPPED: hosts in network namespaces: {reason}");
            ExitCode::SUCCESS
        }
    }
}

/// Runs this program again, in a namespace of its own.
fn run_inside(mut namespace: Command) -> ExitCode {
    let this = env::current_exe().expect("this program has a path");
    namespace.arg(this).args(env::args_os().skip(1)).env(INSIDE, "");
    let status = namespace.status().expect("it ran a moment ago");
    ExitCode::from(u8::from(!status.success()))
}

fn trials() -> Vec<Trial> {
    let trial = |&(name, scenario): &(&'static str, Scenario)| {
        Trial::test(name, move || {
            compare(name, scenario);
            Ok(())
        })
    };
    scenarios::ALL.iter().map(trial).collect()
}

fn compare(name: &str, scenario: Scenario) {
    let simulated: Vec<_> = (0..SEEDS).map(|seed| scenario(&mut Simulated::new(seed))).collect();
    for (stage, (what, took)) in scenario(&mut Hosts::new()).into_iter().enumerate() {
        let times = || simulated.iter().map(|stages| stages[stage].1);
        let (min, max) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
        let line = format!("{name}: {what}: {took:.1?}, simulated {min:.1?} to {max:.1?}");
        println!("{line}");
        assert!(min <= took + SLACK && took <= 2 * max + SLACK, "{line}");
    }
}
