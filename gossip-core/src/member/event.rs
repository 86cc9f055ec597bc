//! Events of the member table.

use super::Member;
use crate::{NodeId, Verdict};

/// A change in the member table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum MemberEvent<A> {
    /// A member appeared: new, back from the dead, or back after leaving.
    Up {
        /// The member.
        member: Member<A>,
    },
    /// A live member changed its metadata or address, restarted, or began to leave.
    Updated {
        /// The member, with its new values.
        member: Member<A>,
    },
    /// Some member could not reach this one (SWIM's suspicion). It may still refute.
    Suspected {
        /// The member.
        member: Member<A>,
    },
    /// A suspected member refuted the suspicion: it is live.
    Refuted {
        /// The member.
        member: Member<A>,
    },
    /// A member was declared dead.
    Failed {
        /// The member.
        member: Member<A>,
        /// The evidence.
        why: Verdict,
    },
    /// A member left voluntarily. There may have been no [`Up`](Self::Up) for it if this node
    /// first heard of it after it had left.
    Left {
        /// The member.
        member: Member<A>,
    },
    /// A departed member was removed, after its retention or by
    /// [`Node::forget`](crate::Node::forget).
    Forgotten {
        /// The member's id.
        id: NodeId,
    },
    /// The member table is full, so this node refuses newcomers. Reported once until there is
    /// room again.
    TableFull,
}

impl<A> MemberEvent<A> {
    /// Returns the member, if the event carries one.
    #[must_use]
    pub fn member(&self) -> Option<&Member<A>> {
        match self {
            Self::Up { member }
            | Self::Updated { member }
            | Self::Suspected { member }
            | Self::Refuted { member }
            | Self::Failed { member, .. }
            | Self::Left { member } => Some(member),
            Self::Forgotten { .. } | Self::TableFull => None,
        }
    }
}
