//! The conformance suite on async-std.

use std::process::ExitCode;

use async_std::task;
use conformance::Adapter;
use gossip_smol::{Error, Gossip, Options};

fn start(options: Options) -> Result<Gossip, Error> {
    let (gossip, driver) = task::block_on(gossip_smol::start(options))?;
    task::spawn(driver);
    Ok(gossip)
}

fn main() -> ExitCode {
    conformance::run(Adapter::new(start))
}
