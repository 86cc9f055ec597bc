//! No error of a socket ends a driver on threads.

use std::process::ExitCode;

use conformance::Adapter;
use gossip_std_threads::{Error, Gossip, Handle, Options};

fn start(options: Options) -> Result<Handle, Error> {
    Ok((*Gossip::start(options)?).clone())
}

fn main() -> ExitCode {
    conformance::run_faults(Adapter::new(start))
}
