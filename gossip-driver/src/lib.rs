//! The common part of the gossip adapters for tokio, smol and plain threads.
//!
//! An adapter owns sockets, a timer and tasks. All else that needs std lives here:
//!
//! - the [`Builder`] with its options, and their validation;
//! - [`Gossip`], the handle of a running node, with the methods of the application;
//! - [`Pending`], a wait that serves async code and plain threads alike;
//! - [`Events`], the subscriptions;
//! - [`frame`], the framing of requests;
//! - [`Snapshot`], the file that outlives a node;
//! - [`Engine`], the node behind one mutex, through which an adapter moves its packets.
//!
//! Applications use an adapter, such as `gossip-tokio`, which re-exports [`api`].
//!
//! # Logs and metrics
//!
//! Every node logs with the `tracing` crate, under the target `gossip_driver` and with its id as
//! `node`:
//!
//! | level | content |
//! |---|---|
//! | `ERROR` | the driver panicked |
//! | `WARN` | matters for an operator: a full table, a conflict, lost events, the snapshot |
//! | `INFO` | changes of the membership |
//! | `DEBUG` | refused input, failed requests, socket errors, names that do not resolve |
//! | `TRACE` | every packet |
//!
//! With the feature `metrics`, a node publishes its [`Stats`](gossip_core::Stats) with the `metrics`
//! crate; see the module `metrics`.

mod backoff;
mod builder;
mod clock;
mod display;
mod engine;
mod error;
mod events;
pub mod frame;
mod gossip;
mod joins;
#[cfg(feature = "metrics")]
pub mod metrics;
mod prepare;
mod resolve;
mod seeds;
mod snapshot;
mod snapshot_writer;
mod subscribers;
mod trace;
mod wait;

use std::net::SocketAddr;

pub use backoff::Backoff;
pub use builder::{Builder, Options};
pub use engine::Engine;
pub use error::{Error, Report, SeedError, SnapshotError};
pub use events::Events;
pub use gossip::Gossip;
pub use gossip_core::{DetectorEvent, MessageEvent};
pub use joins::SeedOutcome;
pub use prepare::{DriverGuard, Prepared};
pub use snapshot::Snapshot;
pub use subscribers::Update;
pub use wait::Pending;

/// A node on an IP network.
pub type Node = gossip_core::Node<SocketAddr>;

/// A member on an IP network.
pub type Member = gossip_core::Member<SocketAddr>;

/// An event on an IP network.
pub type Event = gossip_core::Event<SocketAddr>;

/// A change in the member table of a node on an IP network.
pub type MemberEvent = gossip_core::MemberEvent<SocketAddr>;

/// The outcome of a join on an IP network.
pub type JoinEvent = gossip_core::JoinEvent<SocketAddr>;

/// A change in the life of a node on an IP network.
pub type LocalEvent = gossip_core::LocalEvent<SocketAddr>;

/// The types that applications use. Each adapter re-exports all of them.
pub mod api {
    pub use gossip_core::{
        CommandError, Config, ConfigError, Delivery, DetectorConfig, DetectorKind, Epoch,
        FailedProbe, Incarnation, JoinConfig, JoinError, JoinId, MAX_META, MembersConfig, NodeId,
        ParseNodeIdError, QueuesConfig, RepairConfig, RequestsConfig, RumorsConfig, SendId, Stats,
        Status, Verdict,
    };

    pub use crate::{
        DetectorEvent, Error, Event, Events, Gossip, JoinEvent, LocalEvent, Member, MemberEvent,
        MessageEvent, Node, Options, Pending, Report, SeedError, SeedOutcome, Snapshot,
        SnapshotError, Update,
    };
}
