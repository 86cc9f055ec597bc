//! The search for differing records: down the table, prefix by prefix, to the records themselves.

use super::message::{Digests, Roots, Sync};
use crate::Address;
use crate::id::ShortIds;
use crate::member::{Prefix, Prefixes, Table};

/// The differences that one datagram or frame showed. The node answers them once it has read all
/// of it.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Prefixes below which the tables differ.
    pub(crate) prefixes: Prefixes,
    /// Records that the other node lacks or has in another version, and those that this one does.
    pub(crate) records: ShortIds,
    pub(crate) wants: ShortIds,
}

impl Difference {
    /// Compares the versions in a range with the table. Finds at most `max` records to send.
    /// Returns how many it found.
    pub(crate) fn on_sync<A: Address>(
        &mut self,
        table: &Table<A>,
        sync: Sync<'_>,
        max: usize,
    ) -> usize {
        let before = self.records.len();
        let ours = table.range(sync.first).take_while(|slot| slot.short <= sync.last);
        let mut ours = ours.map(|slot| (slot.short, slot.version())).peekable();
        let mut theirs = sync.iter().peekable();
        while self.records.len() < before + max {
            match (ours.peek().copied(), theirs.peek().copied()) {
                (None, None) => break,
                (Some((mine, version)), Some((other, other_version))) if mine == other => {
                    if version != other_version {
                        self.records.push(mine);
                        self.wants.push(other);
                    }
                    ours.next();
                    theirs.next();
                }
                (Some((mine, _)), other) if other.is_none_or(|(other, _)| mine < other) => {
                    self.records.push(mine);
                    ours.next();
                }
                (_, Some((other, _))) => {
                    if !table.is_full() {
                        self.wants.push(other);
                    }
                    theirs.next();
                }
                (Some(_), None) => unreachable!("the guard above takes it"),
            }
        }
        self.records.len() - before
    }

    /// Compares the digests below a prefix with the table. Finds at most `max` prefixes. Returns
    /// how many it found, and how many it had to leave out.
    pub(crate) fn on_digests<A: Address>(
        &mut self,
        table: &Table<A>,
        digests: &Digests,
        max: usize,
    ) -> (usize, usize) {
        if table.is_overflowing() {
            return (0, 0);
        }
        let prefix = Prefix::new(digests.first.0, digests.digits);
        let ours = table.digests(prefix);
        let theirs = digests.digests.map(u32::from_le_bytes);
        let mut prefixes = prefix.children(bits(|digit| ours[digit] != theirs[digit]));
        let left_out = prefixes.len().saturating_sub(max);
        prefixes.truncate(max);
        let found = prefixes.len();
        self.prefixes.extend(prefixes);
        (found, left_out)
    }
}

/// Returns the first digits below which a table differs from the sender's, one bit per digit.
pub(crate) fn differing_digits<A: Address>(table: &Table<A>, roots: &Roots) -> u16 {
    let ours = table.digests(Prefix::ROOT);
    let theirs = roots.digests.map(u16::from_le_bytes);
    bits(|digit| ours[digit] as u16 != theirs[digit])
}

/// Returns one bit for each of the sixteen digits that differs.
fn bits(differs: impl Fn(usize) -> bool) -> u16 {
    (0..16).filter(|&digit| differs(digit)).fold(0, |bits, digit| bits | 1 << digit)
}
