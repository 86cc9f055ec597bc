//! The start of a node on each adapter.

use std::sync::LazyLock;

use gossip_driver::{Error, Gossip, Options};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// All adapters: tokio, smol, async-std and threads.
pub(crate) const ALL: [fn(Options) -> Result<Gossip, Error>; 4] =
    [on_tokio, on_smol, on_async_std, on_threads];

fn on_tokio(options: Options) -> Result<Gossip, Error> {
    let gossip = RUNTIME.block_on(gossip_tokio::start(options))?;
    Ok(gossip)
}

fn on_smol(options: Options) -> Result<Gossip, Error> {
    let (gossip, driver) = smol::block_on(gossip_smol::start(options))?;
    smol::spawn(driver).detach();
    Ok(gossip)
}

fn on_async_std(options: Options) -> Result<Gossip, Error> {
    let (gossip, driver) = async_std::task::block_on(gossip_smol::start(options))?;
    async_std::task::spawn(driver);
    Ok(gossip)
}

fn on_threads(options: Options) -> Result<Gossip, Error> {
    gossip_std_threads::start(options)
}
