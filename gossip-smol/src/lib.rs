#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`bind`] returns the [`Builder`] with the options; [`Config`] holds the protocol's settings.
//! - [`Gossip`] is the handle of a running node, with all methods.
//! - [`Driver`] is the future that the application spawns.
//! - [`Events`] is a subscription.
//! - [`Error`], [`SeedError`] and [`CommandError`] are the errors.

mod alarm;
mod driver;
mod stream;
mod tasks;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use gossip_driver::Prepared;
pub use gossip_driver::api::*;

/// Builder of a node for any executor; [`start`](gossip_driver::Builder::start) returns
/// [`Starting`].
pub type Builder = gossip_driver::Builder<Starting>;

/// A future that completes with the node and its driver, or with the reason why it cannot run.
pub type Starting = Pin<Box<dyn Future<Output = Result<(Gossip, Driver), Error>> + Send>>;

/// Prepares a node bound to `address`, given as `host:port`. Port 0 takes any free port.
///
/// `0.0.0.0` and `::` need [`advertise`](gossip_driver::Builder::advertise).
pub fn bind(address: impl ToString) -> Builder {
    Builder::new(address, start)
}

/// Prepares a node with options that another adapter's builder collected: for a choice of adapters
/// at run time.
pub fn start(options: Options) -> Starting {
    Box::pin(async {
        let Prepared { handle, guard, udp, tcp } = options.prepare().await?;
        let udp = udp.try_into().map_err(Error::System)?;
        let tcp = tcp.map(TryInto::try_into).transpose().map_err(Error::System)?;
        let alarm = alarm::Alarm::new().map_err(Error::System)?;
        Ok((handle, Driver(Box::pin(driver::drive(guard, udp, tcp, alarm)))))
    })
}

/// The future that drives a node. The application spawns it on its executor.
///
/// It completes when the node has stopped. If it is dropped before, the node stops as if it had
/// crashed.
#[must_use = "nothing happens before it is polled"]
pub struct Driver(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}
