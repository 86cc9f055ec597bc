//! The name of one version of a record.

use crate::id::ShortId;

/// The name of one version of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Advert {
    pub(crate) short: ShortId,
    pub(crate) version: u16,
}

impl Advert {
    pub(crate) const SIZE: usize = 6;

    pub(crate) fn to_bytes(self) -> [u8; Self::SIZE] {
        let [a, b, c, d] = self.short.0.to_le_bytes();
        let [e, f] = self.version.to_le_bytes();
        [a, b, c, d, e, f]
    }

    pub(crate) fn from_bytes([a, b, c, d, e, f]: [u8; Self::SIZE]) -> Self {
        Self {
            short: ShortId(u32::from_le_bytes([a, b, c, d])),
            version: u16::from_le_bytes([e, f]),
        }
    }
}
