//! Socket errors do not end a driver on plain threads.

use std::process::ExitCode;

use conformance::Adapter;
use gossip_std_threads::{Error, Gossip, Options};

fn start(options: Options) -> Result<Gossip, Error> {
    gossip_std_threads::start(options)
}

fn main() -> ExitCode {
    conformance::run_faults(Adapter::new(start))
}
