//! Errors of input, of commands and of the configuration.

use core::fmt::{self, Display};

/// Reason why a node refused bytes from the network. Only a counter in [`Stats`](crate::Stats)
/// changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reject {
    /// Shorter than an envelope.
    TooShort,
    /// Longer than [`RequestsConfig::max_frame`](crate::RequestsConfig::max_frame) or, for a datagram, than any
    /// datagram can be.
    TooLong,
    /// A major version of the wire that this build does not support.
    Version(u8),
    /// Flags in the envelope that this build does not know.
    Flags(u8),
    /// From a node of another cluster, by its tag.
    Cluster,
    /// A message of a known kind with a body that cannot be decoded.
    Malformed {
        /// The kind of the message, or 0xff if the framing itself is broken.
        kind: u8,
    },
    /// A reply to a request that is not in flight.
    Unexpected,
    /// This node has left, or stopped after a conflict.
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
            Self::Malformed { kind } => write!(f, "malformed message of kind {kind:#04x}"),
            Self::Unexpected => f.write_str("a reply to no request in flight"),
            Self::Stopped => f.write_str("this node has stopped"),
        }
    }
}

impl core::error::Error for Reject {}

/// Reason why a node refused a command. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandError {
    /// The payload does not fit.
    TooLarge {
        /// The largest size that fits, in bytes.
        limit: usize,
    },
    /// This node knows no such member.
    UnknownMember,
    /// The member is dead or has left, or it is this node itself.
    NotLive,
    /// The member is live; only departed members can be forgotten.
    Live,
    /// The command needs requests, and [`RequestsConfig::enabled`](crate::RequestsConfig::enabled) is off.
    RequestsDisabled,
    /// The queue is full: drain the outputs and try again.
    Busy,
    /// This node has left, or stopped after a conflict.
    Stopped,
}

impl Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "larger than the limit of {limit} bytes"),
            Self::UnknownMember => f.write_str("no such member is known"),
            Self::NotLive => f.write_str("the member is dead or has left"),
            Self::Live => f.write_str("the member is live"),
            Self::RequestsDisabled => f.write_str("requests are disabled by the configuration"),
            Self::Busy => f.write_str("the queue is full"),
            Self::Stopped => f.write_str("this node has stopped"),
        }
    }
}

impl core::error::Error for CommandError {}

/// Reason why a node could not be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigError {
    /// A field of [`Config`](crate::Config) is out of its bounds.
    OutOfBounds {
        /// The field.
        field: &'static str,
        /// The bounds, as text.
        bounds: &'static str,
    },
    /// The metadata of [`Local`](crate::Local) is too long.
    Meta {
        /// The largest size that fits, in bytes.
        limit: usize,
    },
    /// The address of [`Local`](crate::Local) is too long when encoded.
    Address {
        /// The largest size that fits, in bytes.
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
