//! Gossip on tokio: a node of a cluster that knows who is there, and notices who is not.
//!
//! ```no_run
//! # async fn example() -> Result<(), gossip_tokio::Error> {
//! use gossip_tokio::Gossip;
//!
//! let gossip = Gossip::bind("0.0.0.0:7946").advertise("10.0.0.1:7946").start().await?;
//! for seed in gossip.join(["10.0.0.2:7946", "seed.example.org:7946"]).await {
//!     println!("{}: {:?}", seed.seed, seed.result);
//! }
//! let mut events = gossip.events();
//! while let Some(update) = events.next().await {
//!     println!("{update}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Gossip::bind`] gives the [`Builder`] with the options, [`Gossip`] itself is a [`Handle`] with
//! the methods. A node needs a tokio runtime of either flavour with time and I/O enabled, a UDP port,
//! and the same port in TCP for requests ([`Config::requests`]). It runs as a task of the runtime it
//! was started in until it [leaves](Handle::leave), is [shut down](Handle::shutdown), or its last
//! handle is dropped. What happens is traced with the `tracing` crate, and with the feature
//! `metrics` its figures are published with the `metrics` crate.

mod driver;
mod stream;

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

pub use gossip_core::{
    CommandError, Config, ConfigError, Delivery, Epoch, Incarnation, JoinError, MAX_META, NodeId,
    SendId, Stats, Status,
};
use gossip_driver::Opened;
pub use gossip_driver::{
    Error, Event, Events, Handle, Member, Node, Options, Pending, SeedError, SeedOutcome, Snapshot,
    SnapshotError, Update,
};

/// Collects the options of a node; [`start`](gossip_driver::Builder::start) returns [`Starting`].
pub type Builder = gossip_driver::Builder<Starting>;

/// Completes when the node runs, or cannot.
pub type Starting = Pin<Box<dyn Future<Output = Result<Gossip, Error>> + Send>>;

/// A node that runs on tokio: a [`Handle`], to be cloned and shared.
#[derive(Clone, Debug)]
pub struct Gossip(Handle);

impl Gossip {
    /// A node that is to be bound to `address`, given as `host:port`; port 0 takes any that is free.
    /// `0.0.0.0` and `::` need [`advertise`](gossip_driver::Builder::advertise).
    pub fn bind(address: impl ToString) -> Builder {
        Builder::new(address, Self::start)
    }

    /// A node with options that a builder of another kind has collected: one for a choice of
    /// adapters.
    pub fn start(options: Options) -> Starting {
        Box::pin(start(options))
    }
}

impl Deref for Gossip {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0
    }
}

async fn start(options: Options) -> Result<Gossip, Error> {
    let Opened { handle, running, udp, tcp } = options.open().await?;
    let udp = driver::udp(udp).map_err(Error::System)?;
    let tcp = tcp.map(stream::tcp).transpose().map_err(Error::System)?;
    tokio::spawn(driver::drive(running, udp, tcp));
    Ok(Gossip(handle))
}

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
