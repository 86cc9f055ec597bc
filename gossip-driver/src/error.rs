//! What can go wrong when a node starts, and when it joins.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// The file of [`Builder::snapshot`](crate::Builder::snapshot) can be neither read nor written:
    /// its folder does not exist, for instance.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The system refuses something else: random numbers, a thread, the event loop.
    #[error("the system refuses: {0}")]
    System(io::Error),
}

/// What is wrong with the file of a [`Snapshot`](crate::Snapshot).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// What the file holds is no snapshot: its checksum is wrong, or its version unknown.
    #[error("the snapshot {} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The system refuses to read it, to write it, or to move it aside.
    #[error("cannot {what} the snapshot {}: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What was to be done with it.
        what: &'static str,
        /// What the system says.
        reason: io::Error,
    },
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
