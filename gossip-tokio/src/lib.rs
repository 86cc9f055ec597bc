#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! [`Gossip::bind`] gives the [`Builder`] with the options, [`Config`] has the knobs; [`Gossip`]
//! itself is a [`Handle`] with the methods; [`Events`] tells what happens, [`Error`],
//! [`SeedError`] and [`CommandError`] what can go wrong.

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
    DetectorEvent, Error, Event, Events, Handle, JoinEvent, LocalEvent, Member, MemberEvent,
    MessageEvent, Node, Options, Pending, SeedError, SeedOutcome, Snapshot, SnapshotError, Update,
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
