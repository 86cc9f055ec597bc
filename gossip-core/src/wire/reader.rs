//! Reading of message bodies, field by field.
//!
//! The bytes follow postcard's format, and serde's derived code writes them. Frequent messages
//! are read by hand, since serde's derived code takes five times as many instructions.

use serde::Deserialize;

/// Reason why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// This version does not know the kind and skips the message.
    Unknown,
    /// The body does not decode.
    Malformed,
}

/// Reads a body with serde. Bytes behind the known fields belong to a later version.
pub(crate) fn take<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unread> {
    postcard::take_from_bytes(body).map(|(value, _)| value).map_err(|_| Unread::Malformed)
}

/// The rest of a body.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    #[inline(always)]
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    #[inline(always)]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    #[inline(always)]
    pub(crate) fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(slice)
    }

    #[inline(always)]
    pub(crate) fn fixed32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline(always)]
    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Reads an integer of seven bits per byte, lowest bits first.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (index, &byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                // Only one bit of a tenth byte fits into 64.
                return (index < 9 || byte < 2).then_some(value);
            }
        }
        None
    }

    #[inline(always)]
    pub(crate) fn varint32(&mut self) -> Option<u32> {
        self.varint()?.try_into().ok()
    }

    /// Reads a value of the caller's own type with serde.
    #[inline(always)]
    pub(crate) fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(value)
    }
}
