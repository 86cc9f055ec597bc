//! What can go wrong when a node starts, and when it joins.

use std::io;
use std::net::SocketAddr;

use gossip_core::{ConfigError, JoinError};

/// Why a node could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address to bind, or the one to advertise, is neither an address with a port nor a name
    /// that resolves.
    #[error("cannot resolve `{name}`: {reason}")]
    Resolve {
        /// As it was given.
        name: String,
        /// What the system says.
        reason: io::Error,
    },
    /// The sockets could not be had: the port is taken, for instance.
    #[error("cannot bind {address}: {reason}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
    /// The node is bound to all addresses of the host and does not know by which of them others
    /// can reach it. Set [`Builder::advertise`](crate::Builder::advertise).
    #[error("{0} is no address that others can reach: set one with `advertise`")]
    Unspecified(SocketAddr),
    /// An option is out of its bounds.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system refuses something else: random numbers, a thread, the event loop.
    #[error("the system refuses: {0}")]
    System(io::Error),
}

/// Why a seed did not let us in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// It is neither an address with a port nor a name that resolves.
    #[error("cannot be resolved: {0}")]
    Resolve(io::Error),
    /// None of its addresses let us in; this is what the last of them said.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// This node has stopped.
    #[error("this node has stopped")]
    Stopped,
}
