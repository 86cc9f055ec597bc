//! What the adapters of the gossip engine have in common.
//!
//! An adapter owns sockets, a timer and tasks; everything else that needs std is here and the same
//! for all of them: the [`Builder`] and its validation, the [`Handle`] with its methods, waiting
//! that serves async code and plain threads alike ([`Pending`]), subscriptions ([`Events`]), the
//! framing of requests ([`frame`]), the file that outlives a node ([`Snapshot`]), and [`Shared`], the
//! node behind one mutex, through which an adapter moves its packets.
//!
//! Applications use an adapter, `gossip-tokio` for instance, which re-exports what they need.
//!
//! # What can be observed
//!
//! Whatever the adapter, it is traced with the `tracing` crate, under the target `gossip_driver` and
//! with the id of the node as `node`:
//!
//! | level | what |
//! |---|---|
//! | `ERROR` | the driver has panicked |
//! | `WARN` | what an operator should look at: a full table, a conflict, lost events, the snapshot |
//! | `INFO` | changes of the membership |
//! | `DEBUG` | refused input, failed requests, errors of sockets, names that do not resolve |
//! | `TRACE` | every packet |
//!
//! With the feature `metrics` the figures of a node are published with the `metrics` crate: their
//! names are those of [`Stats`](gossip_core::Stats), see the module `metrics`.

mod backoff;
mod builder;
mod clock;
mod display;
mod error;
mod events;
pub mod frame;
mod handle;
mod joins;
mod keeper;
#[cfg(feature = "metrics")]
pub mod metrics;
mod open;
mod resolve;
mod seeds;
mod shared;
mod snapshot;
mod trace;
mod wait;

use std::net::SocketAddr;

pub use backoff::Backoff;
pub use builder::{Builder, Options};
pub use error::{Error, SeedError, SnapshotError};
pub use events::{Events, Update};
pub use handle::Handle;
pub use joins::SeedOutcome;
pub use open::{Opened, Running};
pub use shared::Shared;
pub use snapshot::Snapshot;
pub use wait::Pending;

/// A node on an IP network.
pub type Node = gossip_core::Node<SocketAddr>;

/// What is known of one node of the cluster, on an IP network.
pub type Member = gossip_core::Member<SocketAddr>;

/// What happened, on an IP network.
pub type Event = gossip_core::Event<SocketAddr>;

/// A change in the member table of a node on an IP network.
pub type MemberEvent = gossip_core::MemberEvent<SocketAddr>;

/// The outcome of a join on an IP network.
pub type JoinEvent = gossip_core::JoinEvent<SocketAddr>;

/// A change in the life of a node on an IP network.
pub type LocalEvent = gossip_core::LocalEvent<SocketAddr>;

pub use gossip_core::{DetectorEvent, MessageEvent};
