//! Errors of starting and joining.
//!
//! An error of the system is the [`source`](std::error::Error::source) of the error that it caused,
//! and not part of its message.

use std::fmt::{self, Display};
use std::io;
use std::iter::successors;
use std::net::SocketAddr;
use std::path::PathBuf;

use gossip_core::{ConfigError, JoinError};

/// Reason why a node could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address to bind or to advertise is neither an address with a port nor a name that
    /// resolves.
    #[error("cannot resolve `{name}`")]
    Resolve {
        /// The address, as given.
        name: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The sockets could not be bound: the port is taken, for instance.
    #[error("cannot bind {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// The node is bound to all addresses of the host and does not know which of them others can
    /// reach. Set [`Builder::advertise`](crate::Builder::advertise).
    #[error("others cannot reach {0}: set an address with `advertise`")]
    Unspecified(SocketAddr),
    /// An option is out of its bounds.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file of [`Builder::snapshot`](crate::Builder::snapshot) can be neither read nor written:
    /// its folder does not exist, for instance.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The system refused something else: random numbers, a thread, the event loop.
    #[error("the system refused")]
    System(#[source] io::Error),
}

/// Fault of the file of a [`Snapshot`](crate::Snapshot).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file does not hold a snapshot: its checksum is wrong, or its version unknown.
    #[error("the snapshot {} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The system refused to read the file, to write it, or to move it aside.
    #[error("cannot {action} the snapshot {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The action that failed.
        action: &'static str,
        /// The error of the system.
        source: io::Error,
    },
}

/// Reason why a seed did not admit this node.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The seed is neither an address with a port nor a name that resolves.
    #[error("cannot be resolved")]
    Resolve(#[source] io::Error),
    /// None of the seed's addresses admitted this node. This is the outcome of the last one.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// This node has stopped.
    #[error("this node has stopped")]
    Stopped,
}

/// An error with all its sources, for one line of a log or terminal:
/// `cannot bind 127.0.0.1:7946: address already in use`.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a>(pub &'a (dyn std::error::Error + 'static));

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        successors(self.0.source(), |error| error.source())
            .try_for_each(|source| write!(f, ": {source}"))
    }
}
