//! A gossip engine as one state machine: cluster membership, failure detection and dissemination
//! for any runtime and any network.
//!
//! [`Node`] has no clock, socket, thread or entropy of its own. A driver tells it the time and passes
//! incoming bytes to it. The node returns the datagrams to send, the events, and the time of its
//! next deadline. The adapters `gossip-tokio`, `gossip-smol` and `gossip-std-threads` are such
//! drivers. This is a complete small one:
//!
//! ```no_run
//! use std::net::{SocketAddr, UdpSocket};
//! use std::time::{Duration, Instant as Clock};
//!
//! use gossip_core::{Config, Epoch, Instant, Local, Node, NodeId};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let address: SocketAddr = "127.0.0.1:7946".parse()?;
//!     let socket = UdpSocket::bind(address)?;
//!     let origin = Clock::now();
//!     let now = || Instant::from_micros(origin.elapsed().as_micros() as u64);
//!
//!     // The id survives restarts, the epoch grows with each, and the seed is fresh entropy.
//!     let local = Local::new(NodeId::from_u128(1), Epoch::new(1).unwrap(), address);
//!     // This driver carries datagrams only.
//!     let config = Config::lan().with(|config| config.requests.enabled = false);
//!     let seed = [42; 32];
//!     let mut node = Node::new(now(), local, config, seed)?;
//!     node.join(now(), ["127.0.0.1:7947".parse()?]);
//!
//!     let mut buf = [0; 65_535];
//!     loop {
//!         while let Some(transmit) = node.poll_transmit(now(), &mut buf) {
//!             // An error here is like a datagram lost by the network.
//!             let _ = socket.send_to(transmit.bytes, transmit.to);
//!         }
//!         while let Some(event) = node.poll_event() {
//!             println!("{event:?}");
//!         }
//!         let deadline = node.poll_timeout().expect("a node that has not left has a deadline");
//!         let wait = deadline.saturating_duration_since(now()).max(Duration::from_millis(1));
//!         socket.set_read_timeout(Some(wait))?;
//!         if let Ok((len, from)) = socket.recv_from(&mut buf) {
//!             // The node counts what it refuses.
//!             let _ = node.handle_datagram(now(), &from, &mut buf[..len]);
//!         }
//!         if deadline <= now() {
//!             node.handle_timeout(now());
//!         }
//!     }
//! }
//! ```
//!
//! # Features of the protocol
//!
//! - **Membership.** Every node knows every other. The *record* of a member is an element of a
//!   join-semilattice: tables that have seen the same messages are equal, whatever their order and
//!   number. Every ping carries a digest of the table, so nodes notice when they differ.
//! - **Failure detection.** SWIM (Das et al., DSN 2002) with Lifeguard (Dadgar et al., arXiv
//!   1707.00788), and by default fixed watchers on rings: see [`DetectorKind`]. A node that was
//!   paused does not hold the pause against others.
//! - **Dissemination.** A node pushes a changed record while it is young and advertises it when it is
//!   old. Nodes that lack it request it, and a comparison of tables repairs what that missed.
//! - **Identity.** The node handles restarts, changes of address, a clock that went back, and two
//!   processes with one id. There is no trait to implement.
//!
//! # Guarantees
//!
//! - No input from the wire makes a node panic or grow without bound. Every collection that others
//!   can fill has a cap, and [`Stats`] counts what did not fit.
//! - The same seed and the same calls give the same bytes, on every target.
//! - In steady state a node handles and sends datagrams without allocation.
//! - Only the name of the cluster authenticates datagrams. Run it on a network that you trust.
//!
//! # Features of the crate
//!
//! - `serde`: implements `Serialize` for members, events, verdicts and counters.
//!
//! The crate is `no_std` and needs `alloc`.

#![no_std]
#![warn(clippy::std_instead_of_core, clippy::alloc_instead_of_core, clippy::std_instead_of_alloc)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod claim;
mod config;
mod context;
mod deadline;
mod detector;
mod direct;
mod error;
mod hash;
mod id;
mod join;
mod member;
mod node;
mod queue;
mod repair;
mod rng;
mod rumor;
mod stats;
#[cfg(test)]
mod testing;
mod time;
mod wire;

pub use claim::event::LocalEvent;
pub use claim::stats::{ClaimMessages, LocalStats};
pub use config::{
    Config, DetectorConfig, DetectorKind, JoinConfig, MembersConfig, QueuesConfig, RepairConfig,
    RequestsConfig, RumorsConfig,
};
pub use detector::event::DetectorEvent;
pub use detector::stats::{DetectorMessages, DetectorStats};
pub use detector::{FailedProbe, Verdict};
pub use direct::event::{MessageEvent, SendId};
pub use direct::stats::{DirectMessages, DirectStats};
pub use error::{CommandError, ConfigError, Reject};
pub use id::{Address, Epoch, Incarnation, NodeId, ParseNodeIdError};
pub use join::event::{JoinError, JoinEvent, JoinId};
pub use join::stats::JoinMessages;
pub use member::event::MemberEvent;
pub use member::stats::{MemberMessages, MemberStats};
pub use member::{Member, Status};
pub use node::event::Event;
pub use node::stats::{MessageStats, RejectStats, Stats, TrafficStats};
pub use node::{Delivery, Local, Node, Request, RequestId, Transmit};
pub use repair::stats::{RepairMessages, RepairStats};
pub use rumor::stats::{RumorMessages, RumorStats};
pub use time::Instant;

/// Largest metadata of a member, in bytes.
pub const MAX_META: usize = 512;

/// Largest encoded [`Address`], in bytes.
pub const MAX_ADDRESS: usize = 64;
