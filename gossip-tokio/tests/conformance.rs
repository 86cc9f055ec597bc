//! The conformance suite on tokio.

use std::process::ExitCode;
use std::sync::LazyLock;

use conformance::Adapter;
use gossip_tokio::{Error, Gossip, Options};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

fn start(options: Options) -> Result<Gossip, Error> {
    let gossip = RUNTIME.block_on(gossip_tokio::start(options))?;
    Ok(gossip)
}

fn main() -> ExitCode {
    conformance::run(Adapter::new(start))
}
