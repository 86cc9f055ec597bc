//! Reading by hand what comes most: records, pings and acks.
//!
//! The bytes are postcard's, and are written by serde's derived code; reading them with it costs
//! five times as many instructions.

use super::message::{Ack, Ping, Record};
use crate::id::Epoch;
use crate::member::{Accusation, Claim, Phase};
use crate::{Address, Incarnation, MAX_ADDRESS, MAX_META, NodeId};

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    #[inline(always)]
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    #[inline(always)]
    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(slice)
    }

    #[inline(always)]
    fn fixed32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline(always)]
    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Seven bits a byte, the lowest first.
    #[inline(always)]
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (place, &byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                self.0 = &self.0[place + 1..];
                // The tenth byte has but one bit left.
                return (place < 9 || byte < 2).then_some(value);
            }
        }
        None
    }

    #[inline(always)]
    fn varint32(&mut self) -> Option<u32> {
        self.varint()?.try_into().ok()
    }

    #[inline(always)]
    fn incarnation(&mut self) -> Option<Incarnation> {
        Some(Incarnation {
            epoch: Epoch::new(self.varint()?)?,
            nonce: self.fixed32()?,
            number: self.varint32()?,
        })
    }

    /// What the caller's network calls an address is serde's.
    #[inline(always)]
    fn address<A: Address>(&mut self) -> Option<A> {
        let (address, rest) = postcard::take_from_bytes::<A>(self.0).ok()?;
        let len = self.0.len() - rest.len();
        self.0 = rest;
        (len <= MAX_ADDRESS).then(|| address.canonical())
    }

    #[inline(always)]
    fn claim<A: Address>(&mut self) -> Option<Claim<A, &'a [u8]>> {
        let incarnation = self.incarnation()?;
        let phase = match self.byte()? {
            0 => Phase::Up,
            1 => Phase::Leaving,
            2 => Phase::Left,
            _ => return None,
        };
        let versions = self.array()?;
        let address = self.address()?;
        let len = usize::try_from(self.varint()?).ok().filter(|&len| len <= MAX_META)?;
        Some(Claim { incarnation, phase, versions, address, meta: self.slice(len)? })
    }

    #[inline(always)]
    fn accusation(&mut self) -> Option<Option<Accusation>> {
        if !self.flag()? {
            return Some(None);
        }
        let (accusation, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(Some(accusation))
    }
}

impl<'a, A: Address> Record<A, &'a [u8]> {
    /// Reads a record; `None` if it is none. What comes after it is not read.
    #[inline(always)]
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(Self {
            round: reader.byte()?,
            age: reader.varint32()?,
            id: NodeId(reader.array()?),
            claim: reader.claim()?,
            accusation: reader.accusation()?,
        })
    }
}

impl Ping {
    /// Reads a ping; `None` if it is none. What comes after it is not read.
    #[inline(always)]
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(Self {
            nonce: reader.fixed32()?,
            check: reader.fixed32()?,
            fold: reader.fixed32()?,
            ring: reader.byte()?,
        })
    }
}

impl Ack {
    /// Reads an ack; `None` if it is none. What comes after it is not read.
    #[inline(always)]
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(Self {
            nonce: reader.fixed32()?,
            fold: reader.fixed32()?,
            acquainted: reader.flag()?,
            appointment: reader.array().map(u16::from_le_bytes)?,
        })
    }
}
