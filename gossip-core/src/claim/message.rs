//! The message by which a node hears what another believes of it.

use serde::{Deserialize, Serialize};

use crate::Incarnation;
use crate::member::{Claim, Level, Member, Phase};
use crate::wire::{Reader, Unread};

/// Kinds of the messages about the receiver's own claim.
pub(crate) const ROOM: u8 = 0x70;
pub(crate) const STANDING: u8 = ROOM;

/// A message about the receiver's own claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Standing(Standing),
}

impl Message {
    pub(crate) fn read(kind: u8, body: &[u8]) -> Result<Self, Unread> {
        match kind {
            STANDING => Standing::read(body).map(Self::Standing).ok_or(Unread::Malformed),
            _ => Err(Unread::Unknown),
        }
    }
}

/// The sender's belief about the receiver. At most 22 bytes, so that it fits where a record with
/// its address and metadata may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) incarnation: Incarnation,
    /// Whether the receiver has left in this incarnation, by its own claim.
    pub(crate) left: bool,
    /// The level of the accusation against this incarnation.
    pub(crate) accused: Option<Level>,
}

impl Standing {
    pub(crate) fn of<A>(member: &Member<A>) -> Self {
        let Claim { incarnation, phase, .. } = member.claim;
        let accusation = member.accusation.as_deref();
        let current = accusation.filter(|accusation| accusation.incarnation == incarnation);
        Self {
            incarnation,
            left: phase == Phase::Left,
            accused: current.map(|accusation| accusation.level),
        }
    }

    fn read(body: &[u8]) -> Option<Self> {
        Reader(body).value()
    }
}
