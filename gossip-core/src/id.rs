//! Who a node is, where it is, and which life it lives.

use core::fmt::{self, Debug, Display};
use core::net::{IpAddr, SocketAddr, SocketAddrV4};

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// Who a node is: sixteen bytes that no other node of the cluster has.
///
/// A UUID, or the first half of a hash of a name or public key. It survives restarts and changes
/// of address; what tells the lives of one node apart is its [`Epoch`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub [u8; 16]);

impl NodeId {
    /// The id whose bytes are `value` in big-endian order; handy in tests.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self(value.to_be_bytes())
    }
}

impl Display for NodeId {
    /// All 32 hexadecimal digits, or the first `p` of them with a precision: `{:.8}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(32).min(32);
        for place in 0..digits {
            let byte = self.0[place / 2];
            let nibble = if place % 2 == 0 { byte >> 4 } else { byte & 15 };
            write!(f, "{nibble:x}")?;
        }
        Ok(())
    }
}

impl Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

/// Where a node can be reached, in the terms of the caller's network.
///
/// [`SocketAddr`] on an IP network; a station number or hardware address elsewhere. To use a type
/// of your own, derive serde's traits and write `impl Address for Station {}`. Encoded with
/// postcard it may take at most [`MAX_ADDRESS`](crate::MAX_ADDRESS) bytes.
pub trait Address: Clone + Ord + Debug + Serialize + DeserializeOwned {
    /// The one form of this address that all nodes agree on. Must be idempotent.
    #[must_use]
    fn canonical(self) -> Self {
        self
    }
}

/// IPv4-mapped IPv6 addresses become IPv4; flow information and scope, which mean nothing on
/// another host, become zero.
impl Address for SocketAddr {
    fn canonical(self) -> Self {
        match self.ip().to_canonical() {
            IpAddr::V4(ip) => Self::V4(SocketAddrV4::new(ip, self.port())),
            ip @ IpAddr::V6(_) => Self::new(ip, self.port()),
        }
    }
}

impl Address for u8 {}
impl Address for u16 {}
impl Address for u32 {}
impl Address for u64 {}
impl Address for [u8; 6] {}
impl Address for [u8; 8] {}

/// Which life of a node: larger after each restart.
///
/// Wall-clock milliseconds at the start of the process, or a persisted counter. Below 2^48, so
/// that no accusation from the wire can push a node to the end of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Epoch(u64);

impl Epoch {
    /// The largest epoch: 2^48 - 1, which as milliseconds is the year 10889.
    pub const MAX: Self = Self((1 << 48) - 1);

    /// The epoch `value`, or `None` above [`Epoch::MAX`].
    #[must_use]
    pub const fn new(value: u64) -> Option<Self> {
        if value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next epoch; the last one has none.
    pub(crate) fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("epoch"))
    }
}

/// A point in the lives of a node (SWIM's incarnation number, made safe across restarts).
///
/// Ordered as its fields are: a restart is a larger `epoch`; the `nonce`, random for each life,
/// tells two processes apart that claim one id in one epoch; `number` grows as the node refutes
/// suspicions and changes its claim.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Incarnation {
    /// Larger after each restart.
    pub epoch: Epoch,
    /// Random for each life.
    #[serde(with = "postcard::fixint::le")]
    pub nonce: u32,
    /// Larger with each change of the claim within a life.
    pub number: u32,
}

impl Incarnation {
    /// The next incarnation of this life; where the number would overflow, of the next epoch. The
    /// last one has none.
    pub(crate) fn next(self) -> Option<Self> {
        match self.number.checked_add(1) {
            Some(number) => Some(Self { number, ..self }),
            None => Some(Self { epoch: self.epoch.next()?, number: 0, ..self }),
        }
    }

    /// What two incarnations of one life have in common.
    pub(crate) fn life(self) -> (Epoch, u32) {
        (self.epoch, self.nonce)
    }
}

/// Four bytes that stand for a [`NodeId`] on the wire: its keyed hash. Not quite unique, so a
/// lookup by it is a hint and nothing that matters is decided by it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShortId(pub(crate) u32);

/// Some of them: a few, the usual case, need no heap.
pub(crate) type ShortIds = SmallVec<[ShortId; 4]>;

impl Serialize for ShortId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        postcard::fixint::le::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ShortId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        postcard::fixint::le::deserialize(deserializer).map(Self)
    }
}
