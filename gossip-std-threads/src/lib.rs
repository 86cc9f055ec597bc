//! Gossip on plain OS threads, without async: a node of a cluster that knows who is there, and
//! notices who is not.
//!
//! ```no_run
//! # fn main() -> Result<(), gossip_std_threads::Error> {
//! use gossip_std_threads::Gossip;
//!
//! let gossip = Gossip::bind("0.0.0.0:7946").advertise("10.0.0.1:7946").start()?;
//! for seed in gossip.join(["10.0.0.2:7946", "seed.example.org:7946"]).wait() {
//!     println!("{}: {:?}", seed.seed, seed.result);
//! }
//! for update in gossip.events().iter() {
//!     println!("{update}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Gossip::bind`] gives the [`Builder`] with the options, [`Gossip`] itself is a [`Handle`] with
//! the methods. What they return is waited for with [`Pending::wait`], or with a limit with
//! [`Pending::wait_timeout`]; events with [`Events::iter`] or [`Events::wait_timeout`]. A node needs
//! a UDP port, and the same port in TCP for requests ([`Config::requests`]). It runs until it
//! [leaves](Handle::leave), is [shut down](Handle::shutdown), or its last handle is dropped. What
//! happens is traced with the `tracing` crate, and with the feature `metrics` its figures are
//! published with the `metrics` crate.
//!
//! # Threads
//!
//! A node runs on one thread, `gossip`, which waits for all of its sockets and its timer at once
//! and serves a bounded number of connections; who waits for a node to leave or to shut down waits
//! for the end of that thread. Names are resolved and the snapshot is written on threads
//! (`gossip-resolver`, `gossip-snapshot`) that last no longer than that takes.

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
    Error, Event, Events, Handle, Member, Node, Options, Pending, SeedError, SeedOutcome, Snapshot,
    SnapshotError, Update,
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
