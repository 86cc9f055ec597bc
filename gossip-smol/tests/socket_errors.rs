//! No error of a socket ends a driver on smol.

use std::process::ExitCode;
use std::thread;

use conformance::Adapter;
use gossip_smol::{Error, Gossip, Handle, Options};

/// On a thread of its own.
fn start(options: Options) -> Result<Handle, Error> {
    let (gossip, driver) = smol::block_on(Gossip::start(options))?;
    thread::spawn(|| smol::block_on(driver));
    Ok((*gossip).clone())
}

fn main() -> ExitCode {
    conformance::run_faults(Adapter::new(start))
}
