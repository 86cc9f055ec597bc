//! The conformance suite of the adapters: scenarios on real sockets, written once. They run over
//! loopback on ports of their own, several at the same time.
//!
//! An adapter's `tests/conformance.rs` passes the function that starts a node, and runs all
//! scenarios:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     conformance::run(conformance::Adapter::new(start))
//! }
//! ```

mod adapter;
pub mod faults;
pub mod scenarios;
mod wait;

use std::process::ExitCode;

pub use adapter::{Adapter, Builder};
use libtest_mimic::{Arguments, Trial};

/// A scenario. It panics if the adapter fails it.
pub type Scenario = fn(Adapter);

/// Default number of scenarios to run at the same time. They mostly wait.
const AT_ONCE: usize = 8;

/// Runs the scenarios that the command line selects, by default all of them.
#[must_use]
pub fn run(adapter: Adapter) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, trials(scenarios::ALL, adapter)).exit_code()
}

/// Runs the scenarios in which the system refuses its services, one after the other, since some
/// concern the whole process.
#[must_use]
pub fn run_faults(adapter: Adapter) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials(faults::ALL, adapter)).exit_code()
}

fn trials(scenarios: &[(&str, Scenario)], adapter: Adapter) -> Vec<Trial> {
    let trial = |&(name, scenario): &(&str, Scenario)| {
        Trial::test(name, move || {
            scenario(adapter);
            Ok(())
        })
    };
    scenarios.iter().map(trial).collect()
}

/// The examples of the workspace's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The example of the core's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../gossip-core/README.md")]
struct CoreReadme;
