//! The conformance suite on smol.

use std::process::ExitCode;

use conformance::Adapter;
use gossip_smol::{Error, Gossip, Options};

fn start(options: Options) -> Result<Gossip, Error> {
    let (gossip, driver) = smol::block_on(gossip_smol::start(options))?;
    smol::spawn(driver).detach();
    Ok(gossip)
}

fn main() -> ExitCode {
    conformance::run(Adapter::new(start))
}
