//! What every adapter of the gossip engine must do: scenarios on real sockets, written once, over
//! loopback and on ports of their own, so that they can run side by side.
//!
//! An adapter's `tests/conformance.rs` says how it starts a node, and runs them all:
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

/// Something that is to be so with every adapter: panics if it is not.
pub type Scenario = fn(Adapter);

/// How many scenarios to run at once, if nothing else is asked for: they mostly wait.
const AT_ONCE: usize = 8;

/// Runs the scenarios that the command line asks for, all of them by default.
#[must_use]
pub fn run(adapter: Adapter) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, trials(scenarios::ALL, adapter)).exit_code()
}

/// Runs the scenarios in which the system refuses its services, one after the other: some of them
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
