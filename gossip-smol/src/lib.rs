//! Gossip on smol, async-std or any other executor: a node of a cluster that knows who is there,
//! and notices who is not.
//!
//! ```no_run
//! # async fn example(executor: smol::Executor<'_>) -> Result<(), gossip_smol::Error> {
//! use gossip_smol::Gossip;
//!
//! let builder = Gossip::bind("0.0.0.0:7946").advertise("10.0.0.1:7946");
//! let (gossip, driver) = builder.start().await?;
//! executor.spawn(driver).detach();
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
//! the methods. A node needs a UDP port, and the same port in TCP for requests
//! ([`Config::requests`]). It runs for as long as its [`Driver`] is polled, until it
//! [leaves](Handle::leave), is [shut down](Handle::shutdown), or its last handle is dropped. What
//! happens is traced with the `tracing` crate, and with the feature `metrics` its figures are
//! published with the `metrics` crate.
//!
//! # Executors
//!
//! The driver is a future that spawns nothing itself. Its sockets and timers are those of
//! `async-io`, whose reactor runs on a thread of its own, so any executor will do: `smol::spawn`,
//! an `async_executor::Executor`, `futures::executor::ThreadPool`, a thread that blocks on it.
//!
//! On async-std it is `async_std::task::spawn(driver)`. That crate is discontinued, and its authors
//! recommend smol: use it where you have it already, and begin nothing new with it.

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
    Error, Event, Events, Handle, Member, Node, Options, Pending, SeedError, SeedOutcome, Snapshot,
    SnapshotError, Update,
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
    Ok((Gossip(handle), Driver(Box::pin(driver::drive(running, udp, tcp)))))
}
