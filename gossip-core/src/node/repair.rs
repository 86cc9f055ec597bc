//! Going down into the table, part by part, to where it differs from another's.

use smallvec::SmallVec;

use super::Node;
use super::encode::Body;
use crate::replica::Prefix;
use crate::wire::{Folds, HEADER, Items, Roots, Sync, Writer, kind};
use crate::{Address, NodeId};

/// How many members below a prefix are named rather than folded: sixteen names of eight bytes
/// take two folds' room, and save half a round trip.
const NAMED: usize = 16;

impl<A: Address> Node<A> {
    /// Begins to look for what differs below some first digits.
    pub(super) fn begin_descent(&mut self, with: NodeId, digits: u16) {
        let Some(slot) = self.shared.table.get(&with) else { return };
        let address = slot.member.claim.address.clone();
        self.enqueue(address, Some(with), Body::Descend(Prefix::ROOT.children(digits)));
    }

    /// Writes the folds of the whole table.
    pub(super) fn put_roots(&self, writer: &mut Writer<'_>) {
        let folds = self.shared.table.folds(Prefix::ROOT);
        writer.put(kind::ROOTS, &Roots { folds: folds.map(|fold| (fold as u16).to_le_bytes()) });
    }

    /// Writes what there is below some prefixes, as names where it is little, else as folds; what
    /// finds no room stays in `prefixes`.
    pub(super) fn put_descent(
        &mut self,
        writer: &mut Writer<'_>,
        prefixes: &mut SmallVec<[Prefix; 16]>,
    ) -> bool {
        while let Some(&prefix) = prefixes.last() {
            let few = self.shared.table.count(prefix) <= NAMED;
            let written =
                if few { self.put_names(writer, prefix) } else { self.put_folds(writer, prefix) };
            if !written {
                // In an empty datagram everything fits, or nothing ever will.
                return !writer.is_empty();
            }
            prefixes.pop();
        }
        false
    }

    fn put_folds(&self, writer: &mut Writer<'_>, prefix: Prefix) -> bool {
        let folds = self.shared.table.folds(prefix).map(u32::to_le_bytes);
        let (first, _) = prefix.range();
        writer.put(kind::FOLDS, &Folds { first, digits: prefix.digits(), folds })
    }

    fn put_names(&mut self, writer: &mut Writer<'_>, prefix: Prefix) -> bool {
        if writer.room() < HEADER + 12 {
            return false;
        }
        let (first, last) = prefix.range();
        self.scratch.clear();
        for slot in self.shared.table.range(first).take_while(|slot| slot.short <= last) {
            self.scratch.extend_from_slice(&slot.short.0.to_le_bytes());
            self.scratch.extend_from_slice(&slot.version().to_le_bytes());
        }
        writer.put(kind::SYNC, &Sync { first, last, items: Items(&self.scratch) })
    }
}
