#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`bind`] returns the [`Builder`] with the options; [`Config`] holds the protocol's settings.
//! - [`Gossip`] is the handle of a running node, with all methods.
//! - [`Events`] is a subscription.
//! - [`Error`], [`SeedError`] and [`CommandError`] are the errors.

mod driver;
mod stream;

use std::future::Future;
use std::pin::Pin;

use gossip_driver::Prepared;
pub use gossip_driver::api::*;

/// Builder of a node on tokio; [`start`](gossip_driver::Builder::start) returns [`Starting`].
pub type Builder = gossip_driver::Builder<Starting>;

/// A future that completes with the running node, or with the reason why it cannot run.
pub type Starting = Pin<Box<dyn Future<Output = Result<Gossip, Error>> + Send>>;

/// Prepares a node bound to `address`, given as `host:port`. Port 0 takes any free port.
///
/// `0.0.0.0` and `::` need [`advertise`](gossip_driver::Builder::advertise).
pub fn bind(address: impl ToString) -> Builder {
    Builder::new(address, start)
}

/// Starts a node with options that another adapter's builder collected: for a choice of adapters
/// at run time.
pub fn start(options: Options) -> Starting {
    Box::pin(async {
        let Prepared { handle, guard, udp, tcp } = options.prepare().await?;
        let udp = driver::udp(udp).map_err(Error::System)?;
        let tcp = tcp.map(stream::tcp).transpose().map_err(Error::System)?;
        tokio::spawn(driver::drive(guard, udp, tcp));
        Ok(handle)
    })
}
