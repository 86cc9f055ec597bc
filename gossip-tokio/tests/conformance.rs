//! What every adapter must do, done on tokio.

use std::process::ExitCode;
use std::sync::LazyLock;

use conformance::Adapter;
use gossip_tokio::{Error, Gossip, Handle, Options};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

fn start(options: Options) -> Result<Handle, Error> {
    let gossip = RUNTIME.block_on(Gossip::start(options))?;
    Ok((*gossip).clone())
}

fn main() -> ExitCode {
    conformance::run(Adapter::new(start))
}
