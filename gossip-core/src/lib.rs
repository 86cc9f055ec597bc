//! A gossip engine as one state machine: cluster membership, failure detection and dissemination
//! for any runtime and any network.
//!
//! [`Node`] has no clock, no socket, no thread and no entropy of its own. A driver tells it what
//! time it is and what arrived; it says what to send, what happened and when it wants to be
//! called again. The adapters `gossip-tokio`, `gossip-smol` and `gossip-std-threads` are such
//! drivers; this is the whole of a small one:
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
//!     // The id survives restarts, the epoch grows with each, the seed is fresh entropy.
//!     let local = Local::new(NodeId::from_u128(1), Epoch::new(1).unwrap(), address);
//!     let mut config = Config::lan();
//!     config.requests.enabled = false; // this driver carries datagrams only
//!     let seed = [42; 32];
//!     let mut node = Node::new(now(), local, config, seed)?;
//!     node.join(now(), ["127.0.0.1:7947".parse()?]);
//!
//!     let mut buf = [0; 65_535];
//!     loop {
//!         while let Some(transmit) = node.poll_transmit(now(), &mut buf) {
//!             let _ = socket.send_to(transmit.bytes, transmit.to); // lost: the network does so, too
//!         }
//!         while let Some(event) = node.poll_event() {
//!             println!("{event:?}");
//!         }
//!         let due = node.poll_timeout().expect("a node that has not left is never done");
//!         let wait = due.saturating_duration_since(now()).max(Duration::from_millis(1));
//!         socket.set_read_timeout(Some(wait))?;
//!         if let Ok((len, from)) = socket.recv_from(&mut buf) {
//!             let _ = node.handle_datagram(now(), &from, &mut buf[..len]); // counted in its stats
//!         }
//!         if due <= now() {
//!             node.handle_timeout(now());
//!         }
//!     }
//! }
//! ```
//!
//! # What it does
//!
//! - **Membership.** Every node knows every other. What is known of one is a *record*, an element
//!   of a join-semilattice: tables that have seen the same messages are equal, whatever their
//!   order and number, and a fingerprint on every ping shows whether they are.
//! - **Failure detection.** SWIM (Das et al., DSN 2002) with Lifeguard (Dadgar et al., arXiv
//!   1707.00788): indirect probes with nacks, suspicion that shortens with independent accusers,
//!   local health; and what is known of pauses of one's own.
//! - **Dissemination.** A change is pushed while it is young, advertised when it is old, pulled
//!   by who lacks it, and repaired by comparison where all that failed.
//! - **Identity.** Restarts, changes of address, a clock that went back and two processes with
//!   one id are all dealt with here; there is no trait to implement and nothing to get wrong.
//!
//! # What to rely on
//!
//! - Nothing from the wire makes it panic or grow without bound: every collection that others can
//!   fill has a cap, and [`Stats`] counts what did not fit.
//! - The same seed and the same calls give the same bytes, on every target.
//! - In steady state a datagram is handled and sent without an allocation.
//! - Datagrams are authenticated by nothing yet but the name of the cluster: run it on a network
//!   that you trust.
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

/// The most metadata a member can carry, in bytes.
pub const MAX_META: usize = 512;

/// The most an encoded [`Address`] may take, in bytes.
pub const MAX_ADDRESS: usize = 64;
