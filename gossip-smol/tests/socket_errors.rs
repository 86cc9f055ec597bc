//! Socket errors do not end a driver on smol.

use std::process::ExitCode;
use std::thread;

use conformance::Adapter;
use gossip_smol::{Error, Gossip, Options};

/// Starts a node on a thread of its own.
fn start(options: Options) -> Result<Gossip, Error> {
    let (gossip, driver) = smol::block_on(gossip_smol::start(options))?;
    thread::spawn(|| smol::block_on(driver));
    Ok(gossip)
}

fn main() -> ExitCode {
    conformance::run_faults(Adapter::new(start))
}
