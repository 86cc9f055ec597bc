//! What the adapters of the gossip engine have in common.
//!
//! An adapter owns sockets, a timer and tasks; everything else that needs std is here and the same
//! for all of them: the [`Builder`] and its validation, the [`Handle`] with its methods, waiting
//! that serves async code and plain threads alike ([`Pending`]), subscriptions ([`Events`]), the
//! framing of requests ([`frame`]), and [`Shared`], the node behind one mutex, through which an
//! adapter moves its packets.
//!
//! Applications use an adapter, `gossip-tokio` for instance, which re-exports what they need.

mod backoff;
mod builder;
mod clock;
mod error;
mod events;
pub mod frame;
mod handle;
mod joins;
mod open;
mod resolve;
mod seeds;
mod shared;
mod trace;
mod wait;

use std::net::SocketAddr;

pub use backoff::Backoff;
pub use builder::{Builder, Options};
pub use error::{Error, SeedError};
pub use events::{Events, Update};
pub use handle::Handle;
pub use joins::SeedOutcome;
pub use open::{Opened, Running};
pub use shared::Shared;
pub use wait::Pending;

/// A node on an IP network.
pub type Node = gossip_core::Node<SocketAddr>;

/// What is known of one node of the cluster, on an IP network.
pub type Member = gossip_core::Member<SocketAddr>;

/// What happened, on an IP network.
pub type Event = gossip_core::Event<SocketAddr>;
