#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! [`Gossip::bind`] gives the [`Builder`] with the options, [`Config`] has the knobs; [`Gossip`]
//! itself is a [`Handle`] with the methods; [`Driver`] is to be spawned; [`Events`] tells what
//! happens, [`Error`], [`SeedError`] and [`CommandError`] what can go wrong.

mod alarm;
mod driver;
mod stream;
mod tasks;

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

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

/// Completes when the node can run, or cannot.
pub type Starting = Pin<Box<dyn Future<Output = Result<(Gossip, Driver), Error>> + Send>>;

/// A node that runs on `async-io`: a [`Handle`], to be cloned and shared.
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

/// Drives a node: spawn it, on whatever executor there is. It completes when the node has stopped;
/// dropped before that, the node stops as if it had crashed.
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

async fn start(options: Options) -> Result<(Gossip, Driver), Error> {
    let Opened { handle, running, udp, tcp } = options.open().await?;
    let udp = udp.try_into().map_err(Error::System)?;
    let tcp = tcp.map(TryInto::try_into).transpose().map_err(Error::System)?;
    let alarm = alarm::Alarm::new().map_err(Error::System)?;
    Ok((Gossip(handle), Driver(Box::pin(driver::drive(running, udp, tcp, alarm)))))
}
