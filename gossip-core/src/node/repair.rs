//! Going down into the table, part by part, to where it differs from another's, and exchanging
//! what differs there.

use core::mem;

use smallvec::SmallVec;

use super::Node;
use super::encode::Body;
use super::input::{Origin, Via};
use crate::id::{ShortId, ShortIds};
use crate::member::Table;
use crate::member::{Prefix, Prefixes};
use crate::wire::{Folds, HEADER, Items, Roots, Sync, Writer, kind};
use crate::{Address, NodeId};

/// How many members below a prefix are named rather than folded: sixteen names of eight bytes
/// take two folds' room, and save half a round trip.
const NAMED: usize = 16;

/// What a datagram or frame has shown to differ, to be answered once all of it is read.
#[derive(Default)]
pub(super) struct Findings {
    /// Where to go further down.
    prefixes: Prefixes,
    /// What the other lacks or has otherwise, and what we do.
    records: ShortIds,
    wants: ShortIds,
    /// Whether it is to hear who we are.
    pub(super) own: bool,
}

impl<A: Address> Node<A> {
    /// A member told us the fold of its fingerprint.
    pub(super) fn on_contact(&mut self, with: NodeId, fold: u32) {
        let hot = !self.rumors.is_quiet();
        self.reconciler.on_contact(&self.shared.cx(), with, fold, hot);
    }

    /// Begins to look for what differs below some first digits.
    pub(super) fn begin_descent(&mut self, with: NodeId, digits: u16) {
        let Some(slot) = self.shared.table.get(&with) else { return };
        let address = slot.member.claim.address.clone();
        let begun = self.enqueue(address, Some(with), Body::Descend(Prefix::ROOT.children(digits)));
        self.shared.stats.repair.syncs += u64::from(begun);
    }

    /// Writes the folds of the whole table.
    pub(super) fn put_roots(&self, writer: &mut Writer<'_>) {
        let folds = self.shared.table.folds(Prefix::ROOT);
        writer.put(kind::ROOTS, &Roots { folds: folds.map(|fold| (fold as u16).to_le_bytes()) });
    }

    /// Writes what there is below some prefixes, as names where it is little, else as folds; what
    /// finds no room stays in `prefixes`.
    pub(super) fn put_descent(&mut self, writer: &mut Writer<'_>, prefixes: &mut Prefixes) -> bool {
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

    /// The roots of a member's table came with its ack: what differs, and whether to look there.
    pub(super) fn on_roots(&mut self, roots: Roots, origin: &Origin<'_, A>) {
        let Some(with) = origin.sender.filter(|_| origin.answers) else { return };
        let ours = self.shared.table.folds(Prefix::ROOT);
        let theirs = roots.folds.map(u16::from_le_bytes);
        let differing = bits(|digit| ours[digit] as u16 != theirs[digit]);
        let hot = self.rumors.hot_digits(&self.shared.table);
        self.reconciler.on_roots(&mut self.shared.cx(), with, differing, hot);
    }

    /// A member goes down into its table where it differs from ours: go on where it does.
    pub(super) fn on_folds(&mut self, folds: Folds, origin: &mut Origin<'_, A>) {
        let prefix = Prefix::new(folds.first.0, folds.digits);
        let ours = self.shared.table.folds(prefix);
        let theirs = folds.folds.map(u32::from_le_bytes);
        let differing = bits(|digit| ours[digit] != theirs[digit]);
        if !self.shared.table.is_overflowing() {
            let mut prefixes = prefix.children(differing);
            let excess = prefixes.len().saturating_sub(origin.items);
            prefixes.truncate(origin.items);
            origin.items -= prefixes.len();
            origin.findings.prefixes.extend(prefixes);
            self.shared.stats.repair.deferred += excess as u64;
        }
    }

    /// Somebody says what it has in a range of short ids: find what either lacks.
    pub(super) fn on_sync(&mut self, sync: Sync<'_>, origin: &mut Origin<'_, A>) {
        let Findings { records, wants, .. } = &mut origin.findings;
        let before = records.len();
        difference(&self.shared.table, sync, origin.items, records, wants);
        origin.items -= records.len() - before;
        if origin.via == Via::Request {
            let (records, wants) = (mem::take(records), mem::take(wants));
            self.respond(origin, Body::SyncAnswer { records, wants });
        }
    }

    /// Answers everything in a datagram or frame that was found to differ.
    pub(super) fn answer_findings(&mut self, origin: &mut Origin<'_, A>) {
        let Findings { prefixes, records, wants, own } = mem::take(&mut origin.findings);
        if !prefixes.is_empty() {
            self.respond(origin, Body::Descend(prefixes));
        }
        if !wants.is_empty() {
            // Who has come so far usually knows where we are; else the next comparison repairs it.
            self.respond(origin, Body::Want { items: wants, padded: false });
        }
        if !records.is_empty() {
            self.respond(origin, Body::Records(records));
        }
        if own {
            let own = self.own_short();
            self.respond(origin, Body::Records(SmallVec::from_slice(&[own])));
        }
    }
}

/// A bit for each of sixteen digits.
fn bits(differs: impl Fn(usize) -> bool) -> u16 {
    (0..16).filter(|&digit| differs(digit)).fold(0, |bits, digit| bits | 1 << digit)
}

/// Walks two sorted lists, ours and theirs: what they lack or have otherwise goes to `records`,
/// what we lack or have otherwise to `wants`. Ends after `most` records.
fn difference<A: Address>(
    table: &Table<A>,
    sync: Sync<'_>,
    most: usize,
    records: &mut ShortIds,
    wants: &mut ShortIds,
) {
    let parse = |[a, b, c, d, e, f, g, h]: [u8; 8]| {
        (ShortId(u32::from_le_bytes([a, b, c, d])), u32::from_le_bytes([e, f, g, h]))
    };
    let ours = table.range(sync.first).take_while(|slot| slot.short <= sync.last);
    let mut ours = ours.map(|slot| (slot.short, slot.version())).peekable();
    let mut theirs = sync.items.iter().map(parse).peekable();
    let full = table.is_full();
    let most = records.len() + most;
    while records.len() < most {
        let (mine, other) = (ours.peek().copied(), theirs.peek().copied());
        match (mine, other) {
            (None, None) => return,
            (Some(mine), Some(other)) if mine == other => {
                ours.next();
                theirs.next();
            }
            (Some((mine, _)), Some((other, _))) if mine == other => {
                records.push(mine);
                wants.push(other);
                ours.next();
                theirs.next();
            }
            (Some((mine, _)), other) if other.is_none_or(|(other, _)| mine < other) => {
                records.push(mine);
                ours.next();
            }
            (_, Some((other, _))) => {
                if !full {
                    wants.push(other);
                }
                theirs.next();
            }
            (Some(_), None) => unreachable!("the guard above takes it"),
        }
    }
}
