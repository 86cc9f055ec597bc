//! The messages that repair wants to send.

use alloc::vec::Vec;

use super::message::{DIGESTS, Digests, SYNC, SYNC_END, Sync, SyncEnd};
use crate::Address;
use crate::context::Context;
use crate::id::{ShortId, ShortIds};
use crate::member::{Prefix, Prefixes, Slot};
use crate::wire::{HEADER, Items, Writer};

/// Number of records below a prefix up to which repair lists them instead of their digests.
/// Sixteen versions of eight bytes take the place of two lists of digests and save half a round
/// trip.
const LISTED: usize = 16;

/// Number of items in a page. The reply to a page can be several times as long.
const PAGE: usize = 4_096;

/// A message of repair, not yet written.
#[derive(Debug)]
pub(crate) enum Draft {
    /// The versions of all records from a short id on.
    Sync { first: ShortId },
    /// The versions or digests below each of these prefixes.
    Descend(Prefixes),
    /// The reply to a page that came by request.
    Answer { records: ShortIds, wants: ShortIds },
}

impl Draft {
    /// Writes as much as fits. Returns whether the draft holds a rest for another datagram or
    /// frame. An [`Answer`](Self::Answer) is written by the node, since it holds records.
    pub(crate) fn write<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        writer: &mut Writer<'_>,
        scratch: &mut Vec<u8>,
    ) -> bool {
        match self {
            Self::Sync { first } => write_page(cx, writer, first, scratch),
            Self::Descend(prefixes) => write_descent(cx, writer, prefixes, scratch),
            Self::Answer { .. } => false,
        }
    }
}

/// Writes the end of the reply to a page.
pub(crate) fn write_end<A: Address>(cx: &Context<'_, A>, writer: &mut Writer<'_>, more: bool) {
    writer.put(SYNC_END, &SyncEnd { digest: cx.table.digest(), more });
}

/// Bytes of the end of a reply.
pub(crate) const END: usize = 8;

/// Writes a page of versions from `first` on, and moves `first` to the next page. Returns whether
/// there is one.
fn write_page<A: Address>(
    cx: &Context<'_, A>,
    writer: &mut Writer<'_>,
    first: &mut ShortId,
    scratch: &mut Vec<u8>,
) -> bool {
    // Eight bytes per item; around them two short ids, two lengths and the kind.
    let room = writer.room().saturating_sub(HEADER + 8 + 3) / 8;
    let mut slots = cx.table.range(*first).peekable();
    scratch.clear();
    let mut last = *first;
    for slot in slots.by_ref().take(room.min(PAGE)) {
        push_version(scratch, slot);
        last = slot.short;
    }
    let more = slots.peek().is_some() && last < ShortId(u32::MAX);
    let last = if more { last } else { ShortId(u32::MAX) };
    writer.put(SYNC, &Sync { first: *first, last, items: Items(scratch) });
    *first = ShortId(last.0.saturating_add(1));
    more
}

/// Writes versions or digests below each prefix, last first, and removes the prefixes written.
fn write_descent<A: Address>(
    cx: &Context<'_, A>,
    writer: &mut Writer<'_>,
    prefixes: &mut Prefixes,
    scratch: &mut Vec<u8>,
) -> bool {
    while let Some(&prefix) = prefixes.last() {
        let written = if cx.table.count(prefix) <= LISTED {
            write_list(cx, writer, prefix, scratch)
        } else {
            let digests = cx.table.digests(prefix).map(u32::to_le_bytes);
            let (first, _) = prefix.range();
            writer.put(DIGESTS, &Digests { first, digits: prefix.digits(), digests })
        };
        if !written {
            // A message that does not fit into an empty datagram never will.
            return !writer.is_empty();
        }
        prefixes.pop();
    }
    false
}

fn write_list<A: Address>(
    cx: &Context<'_, A>,
    writer: &mut Writer<'_>,
    prefix: Prefix,
    scratch: &mut Vec<u8>,
) -> bool {
    if writer.room() < HEADER + 12 {
        return false;
    }
    let (first, last) = prefix.range();
    scratch.clear();
    for slot in cx.table.range(first).take_while(|slot| slot.short <= last) {
        push_version(scratch, slot);
    }
    writer.put(SYNC, &Sync { first, last, items: Items(scratch) })
}

fn push_version<A>(items: &mut Vec<u8>, slot: &Slot<A>) {
    items.extend_from_slice(&slot.short.0.to_le_bytes());
    items.extend_from_slice(&slot.version().to_le_bytes());
}
