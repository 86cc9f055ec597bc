#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`bind`] returns the [`Builder`] with the options; [`Config`] holds the protocol's settings.
//! - [`Gossip`] is the handle of a running node, with all methods; [`Pending`] waits for their ends.
//! - [`Events`] is a subscription.
//! - [`Error`], [`SeedError`] and [`CommandError`] are the errors.

mod driver;
mod readiness;
mod stream;
mod streams;

use std::sync::Arc;
use std::thread;

use gossip_driver::Prepared;
pub use gossip_driver::api::*;

/// Builder of a node on a thread; [`start`](gossip_driver::Builder::start) returns [`Starting`].
pub type Builder = gossip_driver::Builder<Starting>;

/// The running node, or the reason why it cannot run.
pub type Starting = Result<Gossip, Error>;

/// Prepares a node bound to `address`, given as `host:port`. Port 0 takes any free port.
///
/// `0.0.0.0` and `::` need [`advertise`](gossip_driver::Builder::advertise).
pub fn bind(address: impl ToString) -> Builder {
    Builder::new(address, start)
}

/// Starts a node with options that another adapter's builder collected: for a choice of adapters
/// at run time.
///
/// # Errors
///
/// As for [`Builder::start`](gossip_driver::Builder::start).
pub fn start(options: Options) -> Starting {
    let Prepared { handle, guard, udp, tcp } = options.prepare().wait()?;
    let engine = Arc::clone(guard.engine());
    let driver = driver::Driver::new(guard, udp, tcp).map_err(Error::System)?;
    let thread = thread::Builder::new().name("gossip".into()).spawn(|| driver.run());
    engine.set_thread(thread.map_err(Error::System)?);
    Ok(handle)
}
