//! Identity: a node's id, its address, and its lives.

use core::fmt::{self, Debug, Display};
use core::net::{IpAddr, SocketAddr, SocketAddrV4};
use core::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// A node's id: sixteen bytes that are unique in the cluster.
///
/// A UUID, or half of a hash of a name or public key. It survives restarts and changes of address;
/// the [`Epoch`] distinguishes the lives of one node.
///
/// Displayed and parsed as 32 hexadecimal digits; `{:.8}` displays the first eight. Hyphens are
/// ignored, so a UUID in its usual form parses as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub [u8; 16]);

impl NodeId {
    /// Returns the id with the bytes of `value` in big-endian order.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self(value.to_be_bytes())
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for NodeId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// A text that is not a [`NodeId`]: 32 hexadecimal digits, with or without hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseNodeIdError;

impl Display for ParseNodeIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node id has 32 hexadecimal digits")
    }
}

impl core::error::Error for ParseNodeIdError {}

impl FromStr for NodeId {
    type Err = ParseNodeIdError;

    fn from_str(text: &str) -> Result<Self, ParseNodeIdError> {
        let mut value = 0;
        let mut digits = 0;
        for char in text.chars().filter(|char| *char != '-') {
            let digit = char.to_digit(16).ok_or(ParseNodeIdError)?;
            value = value << 4 | u128::from(digit);
            digits += 1;
        }
        if digits == 32 { Ok(Self::from_u128(value)) } else { Err(ParseNodeIdError) }
    }
}

impl Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(32).min(32);
        for index in 0..digits {
            let byte = self.0[index / 2];
            let nibble = if index % 2 == 0 { byte >> 4 } else { byte & 15 };
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

/// As text in human-readable formats, else as sixteen bytes.
impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Text)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}

/// A visitor that parses a [`NodeId`].
struct Text;

impl serde::de::Visitor<'_> for Text {
    type Value = NodeId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ParseNodeIdError}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<NodeId, E> {
        text.parse().map_err(E::custom)
    }
}

/// The address of a node, in the terms of the caller's network.
///
/// This is [`SocketAddr`] on an IP network, and a station number or hardware address elsewhere. For
/// a type of your own, derive serde's traits and write `impl Address for Station {}`. Encoded with
/// postcard it may take at most [`MAX_ADDRESS`](crate::MAX_ADDRESS) bytes.
pub trait Address: Clone + Ord + Debug + Serialize + DeserializeOwned {
    /// Returns the one form of this address that all nodes agree on. Must be idempotent.
    #[must_use]
    fn canonical(self) -> Self {
        self
    }
}

/// IPv4-mapped IPv6 addresses become IPv4. Flow information and scope, which mean nothing on another
/// host, become zero.
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

/// The number of a node's life: larger after each restart.
///
/// Wall-clock milliseconds at the start of the process, or a stored counter. It stays below 2^48, so
/// that no accusation from the wire can push a node to the end of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Epoch(u64);

impl Epoch {
    /// The largest epoch: 2^48 - 1, which as milliseconds is the year 10889.
    pub const MAX: Self = Self((1 << 48) - 1);

    /// Returns the epoch `value`, or `None` above [`Epoch::MAX`].
    #[must_use]
    pub const fn new(value: u64) -> Option<Self> {
        if value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the next epoch, or `None` after the last.
    pub(crate) fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("epoch"))
    }
}

/// A point in the lives of a node: SWIM's incarnation number, made safe across restarts.
///
/// Incarnations are ordered by their fields in turn. A restart has a larger `epoch`. The `nonce` is
/// random for each life and distinguishes two processes that claim one id in one epoch. The `number`
/// grows as the node refutes suspicions and changes its claim.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Incarnation {
    /// The life: larger after each restart.
    pub epoch: Epoch,
    /// A random number of this life.
    #[serde(with = "postcard::fixint::le")]
    pub nonce: u32,
    /// The version of the claim within this life.
    pub number: u32,
}

impl Incarnation {
    /// Returns the next incarnation: of this life or, where the number would overflow, of the next
    /// epoch. Returns `None` after the last.
    pub(crate) fn next(self) -> Option<Self> {
        match self.number.checked_add(1) {
            Some(number) => Some(Self { number, ..self }),
            None => Some(Self { epoch: self.epoch.next()?, number: 0, ..self }),
        }
    }

    /// Returns what all incarnations of one life have in common.
    pub(crate) fn life(self) -> (Epoch, u32) {
        (self.epoch, self.nonce)
    }
}

/// Displays epoch, nonce and number, as in `1700000000000-a4a3a2a1.3`.
impl Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08x}.{}", self.epoch, self.nonce, self.number)
    }
}

/// A keyed hash of a [`NodeId`] in four bytes, which names the node on the wire. Two nodes may share
/// one, so a lookup by it is a hint, and no decision rests on it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShortId(pub(crate) u32);

/// A list of short ids. A few of them, the usual case, need no heap.
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

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn node_ids_survive_text() {
        let id = NodeId::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("01234567-89ab-cdef-0123-456789abcdef".parse(), Ok(id));
        for bad in ["", "0123", "0123456789abcdef0123456789abcdefg", &id.to_string()[1..]] {
            assert_eq!(bad.parse::<NodeId>(), Err(ParseNodeIdError), "{bad}");
        }
    }
}
