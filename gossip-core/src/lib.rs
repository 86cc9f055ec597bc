#![doc = "placeholder"]
#![no_std]
#![warn(clippy::std_instead_of_core, clippy::alloc_instead_of_core, clippy::std_instead_of_alloc)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod action;
mod config;
mod deadline;
mod detector;
mod error;
mod event;
mod hash;
mod id;
mod member;
mod node;
mod replica;
mod rng;
mod rumor;
mod stats;
mod time;
mod wire;

pub use config::Config;
pub use error::{CommandError, ConfigError, Reject};
pub use event::{Event, JoinError, JoinId, SendId};
pub use id::{Address, Epoch, Incarnation, NodeId};
pub use member::{Member, Status};
pub use node::{Delivery, Local, Node, Request, RequestId, Transmit};
pub use stats::Stats;
pub use time::Instant;

/// The most metadata a member can carry, in bytes.
pub const MAX_META: usize = 512;

/// The most an encoded [`Address`] may take, in bytes.
pub const MAX_ADDRESS: usize = 64;
