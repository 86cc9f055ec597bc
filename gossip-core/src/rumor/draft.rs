//! The messages that the rumour mill wants to send: records, their names, and requests for them.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::Rumors;
use crate::context::Context;
use crate::id::ShortIds;
use crate::member::message::{write_record, write_want};
use crate::wire::{ENVELOPE, HEADER, NOT_A_RUMOR, Writer};
use crate::{Address, NodeId};

/// Bytes of padding per requested record, so that a reply of three times the length can hold it.
const WANT: usize = 40;

/// Bytes of a padded request for one record.
pub(crate) const PADDED_WANT: usize = ENVELOPE + WANT;

/// A message about records, not yet written.
#[derive(Debug)]
pub(crate) enum Draft {
    /// The records being pushed, `hops` ages older than they came, from index `first` on.
    Push {
        hops: u8,
        first: u8,
    },
    /// The names of old rumours.
    Adverts,
    Records(ShortIds),
    /// A request for records. Padded if the receiver may not have verified this node's address
    /// yet: it then sends at most three times what it received.
    Want {
        items: ShortIds,
        padded: bool,
    },
}

impl Draft {
    /// Returns the bytes to set aside for this message of those that may go to an unverified
    /// address, if they are few.
    pub(crate) fn reserve(&self) -> Option<usize> {
        match self {
            Self::Want { items, padded } => {
                Some(ENVELOPE + HEADER + 3 + items.len() * if *padded { WANT } else { 4 })
            }
            _ => None,
        }
    }
}

impl Rumors {
    /// Writes as much of a draft as fits. Returns whether the draft holds a rest for another
    /// datagram or frame.
    pub(crate) fn write<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        receiver: Option<NodeId>,
        draft: &mut Draft,
        writer: &mut Writer<'_>,
        scratch: &mut Vec<u8>,
    ) -> bool {
        match draft {
            Draft::Push { hops, first } => {
                let next = receiver.and_then(|to| self.write_pushes(cx, to, *hops, *first, writer));
                *first = next.unwrap_or(*first);
                next.is_some()
            }
            Draft::Adverts => {
                self.write_adverts(cx, writer);
                false
            }
            Draft::Records(items) => self.write_records(cx, items, writer),
            Draft::Want { items, padded } => {
                let len = if *padded { ENVELOPE + WANT * items.len() } else { 0 };
                let more = write_want(writer, items, scratch);
                writer.pad(len);
                more
            }
        }
    }

    /// Writes the records that fit, the last first, and removes them from `items`. Returns whether
    /// some are left.
    pub(crate) fn write_records<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        items: &mut ShortIds,
        writer: &mut Writer<'_>,
    ) -> bool {
        let peers = cx.table.live().len();
        while let Some(&short) = items.last() {
            let is_first = writer.is_empty();
            let mut slots: SmallVec<[_; 2]> = cx.table.all_by_short(short).collect();
            slots.sort_by_key(|slot| slot.member.id);
            for slot in slots {
                let age = self.age_for_reply(peers, &slot.member.id).unwrap_or(NOT_A_RUMOR);
                if write_record(writer, slot, age, cx.now) {
                    continue;
                }
                if !is_first {
                    return true;
                }
                // It does not fit even alone.
                let limited = writer.is_limited();
                cx.stats.traffic.replies_limited += u64::from(limited);
                cx.stats.members.records_oversize += u64::from(!limited);
            }
            items.pop();
        }
        false
    }
}
