//! What every adapter must do, done on async-std.

use std::process::ExitCode;

use async_std::task;
use conformance::Adapter;
use gossip_smol::{Error, Gossip, Handle, Options};

fn start(options: Options) -> Result<Handle, Error> {
    let (gossip, driver) = task::block_on(Gossip::start(options))?;
    task::spawn(driver);
    Ok((*gossip).clone())
}

fn main() -> ExitCode {
    conformance::run(Adapter::new(start))
}
