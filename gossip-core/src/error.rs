//! What can go wrong: by the peer's fault, the caller's, or the configuration's.

use core::fmt::{self, Display};

/// Why bytes from the network were refused. Nothing changed but a counter in
/// [`Stats`](crate::Stats).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reject {
    /// Shorter than an envelope.
    TooShort,
    /// Longer than [`RequestsConfig::max_frame`](crate::RequestsConfig::max_frame) or, for a datagram, than any
    /// datagram can be.
    TooLong,
    /// A major version of the wire that this build does not speak.
    Version(u8),
    /// Flags in the envelope that this build does not know, a seal for instance.
    Flags(u8),
    /// From a node of another cluster, by its tag.
    Cluster,
    /// A known message with a body that is none.
    Malformed {
        /// The kind byte of the offending message; 0xff if the framing itself is broken.
        kind: u8,
    },
    /// An answer to a request that is not, or no longer, waiting for one.
    Unexpected,
    /// This node has left, or fell silent after a conflict, and takes no more input.
    Stopped,
}

impl Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("shorter than an envelope"),
            Self::TooLong => f.write_str("longer than the limit"),
            Self::Version(version) => write!(f, "wire version {version} is not supported"),
            Self::Flags(flags) => write!(f, "unknown envelope flags {flags:#06b}"),
            Self::Cluster => f.write_str("from another cluster"),
            Self::Malformed { kind } => write!(f, "malformed message of kind {kind}"),
            Self::Unexpected => f.write_str("answers no request that is waiting"),
            Self::Stopped => f.write_str("this node has stopped"),
        }
    }
}

impl core::error::Error for Reject {}

/// Why a command was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandError {
    /// The payload does not fit.
    TooLarge {
        /// The most that would fit, in bytes.
        limit: usize,
    },
    /// No such member is known.
    UnknownMember,
    /// The member is dead or has left; nothing is sent to it.
    NotLive,
    /// The member is alive; only the dead and those who left can be forgotten.
    Live,
    /// It would go by request, and [`RequestsConfig::enabled`](crate::RequestsConfig::enabled) is off.
    RequestsDisabled,
    /// Too much waits to be sent already; drain the outputs and try again.
    Busy,
    /// This node has left, or fell silent after a conflict.
    Stopped,
}

impl Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "larger than the limit of {limit} bytes"),
            Self::UnknownMember => f.write_str("no such member is known"),
            Self::NotLive => f.write_str("the member is dead or has left"),
            Self::Live => f.write_str("the member is alive"),
            Self::RequestsDisabled => f.write_str("requests are disabled by the configuration"),
            Self::Busy => f.write_str("too much waits to be sent already"),
            Self::Stopped => f.write_str("this node has stopped"),
        }
    }
}

impl core::error::Error for CommandError {}

/// Why a node could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigError {
    /// A field of [`Config`](crate::Config) is out of its bounds.
    OutOfBounds {
        /// The field.
        field: &'static str,
        /// The bounds, in words.
        bounds: &'static str,
    },
    /// The metadata of [`Local`](crate::Local) is too long.
    Meta {
        /// The most that would fit, in bytes.
        limit: usize,
    },
    /// The address of [`Local`](crate::Local) is too long when encoded.
    Address {
        /// The most that would fit, in bytes.
        limit: usize,
    },
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfBounds { field, bounds } => write!(f, "`{field}` must be {bounds}"),
            Self::Meta { limit } => write!(f, "metadata is longer than {limit} bytes"),
            Self::Address { limit } => write!(f, "the encoded address exceeds {limit} bytes"),
        }
    }
}

impl core::error::Error for ConfigError {}
