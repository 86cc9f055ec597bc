//! What every adapter must do, done on smol.

use std::process::ExitCode;

use conformance::Adapter;
use gossip_smol::{Error, Gossip, Handle, Options};

fn start(options: Options) -> Result<Handle, Error> {
    let (gossip, driver) = smol::block_on(Gossip::start(options))?;
    smol::spawn(driver).detach();
    Ok((*gossip).clone())
}

fn main() -> ExitCode {
    conformance::run(Adapter::new(start))
}
