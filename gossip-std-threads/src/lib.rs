#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! [`Gossip::bind`] gives the [`Builder`] with the options, [`Config`] has the knobs; [`Gossip`]
//! itself is a [`Handle`] with the methods, whose waiting is in [`Pending`]; [`Events`] tells what
//! happens, [`Error`], [`SeedError`] and [`CommandError`] what can go wrong.

mod driver;
mod readiness;
mod stream;
mod streams;

use std::ops::Deref;
use std::sync::Arc;
use std::thread;

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

/// The node that runs, or why it cannot.
pub type Starting = Result<Gossip, Error>;

/// A node that runs on a thread: a [`Handle`], to be cloned and shared.
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
    ///
    /// # Errors
    ///
    /// As for [`start`](gossip_driver::Builder::start).
    pub fn start(options: Options) -> Starting {
        let Opened { handle, running, udp, tcp } = options.open().wait()?;
        let shared = Arc::clone(running.shared());
        let driver = driver::Driver::new(running, udp, tcp).map_err(Error::System)?;
        let thread = thread::Builder::new().name("gossip".into()).spawn(|| driver.run());
        shared.runs_on(thread.map_err(Error::System)?);
        Ok(Self(handle))
    }
}

impl Deref for Gossip {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0
    }
}
