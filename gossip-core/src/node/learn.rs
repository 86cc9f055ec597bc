//! What becomes of a record that we are told.

use core::time::Duration;

use super::Node;
use super::input::Origin;
use crate::member::{Accusation, Change, Merge};
use crate::wire::Record;
use crate::{Address, Event, MemberEvent, NodeId, Status};

/// The round of a record that is no rumour: the answer to a question, or repair.
pub(super) const OLD_NEWS: u8 = u8::MAX;

impl<A: Address> Node<A> {
    /// Merges a record from the wire.
    pub(super) fn learn(&mut self, record: &Record<A, &[u8]>, origin: &mut Origin<'_, A>) {
        let shared = &mut self.shared;
        if record.id == shared.table.own().member.id {
            return self.on_own_record(&record.claim, record.accusation.as_ref(), origin);
        }
        let age = Duration::from_millis(u64::from(record.age));
        // An accuser has the claim and tells it as well. If an accusation were kept that is ahead of
        // it, no other would count any more.
        let accusation = record.accusation.as_ref();
        let accusation = accusation.filter(|a| a.incarnation <= record.claim.incarnation);
        match shared.table.merge(shared.now, record.id, &record.claim, accusation, age) {
            Merge::Known => shared.stats.members.records_known += 1,
            Merge::Refused { full } => self.refuse(full),
            Merge::Changed(change) => {
                shared.stats.members.records_learned += 1;
                let news = record.round != OLD_NEWS;
                let round = news.then(|| record.round.saturating_add(1));
                self.on_change(record.id, change, round, origin.sender);
            }
        }
    }

    /// Merges an accusation of our own.
    pub(super) fn accuse(&mut self, id: NodeId, accusation: &Accusation) {
        let merged = self.shared.table.accuse(self.shared.now, &id, accusation);
        if let Merge::Changed(change) = merged {
            self.on_change(id, change, Some(0), None);
        }
    }

    /// The table has changed: tells the machines, the owner, and, if it is a rumour of this age,
    /// others.
    fn on_change(&mut self, id: NodeId, change: Change, round: Option<u8>, from: Option<NodeId>) {
        let Change { before, after, news, .. } = change;
        let lived = before.is_some_and(Status::is_live);
        let cx = &mut self.shared.cx();
        self.detector.on_change(cx, id, after.is_live() && !lived);
        self.reconciler.on_change();
        if before == Some(Status::Dead) && after.is_live() {
            self.reconciler.catch_up(cx);
        }
        if let Some(round) = round.filter(|_| news) {
            self.rumors.heat(cx, id, round, from);
        }
        self.report(id, change, lived);
    }

    fn report(&mut self, id: NodeId, change: Change, lived: bool) {
        let Change { before, after, visible, .. } = change;
        let Some(slot) = self.shared.table.get(&id) else { return };
        let member = slot.member.clone();
        let suspected = after == Status::Suspect && before != Some(Status::Suspect);
        let event = match after {
            Status::Dead if lived => match self.why(&id) {
                Some(why) => Event::Member(MemberEvent::Failed { member, why }),
                None => return,
            },
            Status::Left if lived || before == Some(Status::Dead) => {
                Event::Member(MemberEvent::Left { member })
            }
            Status::Dead | Status::Left => return,
            _ if !lived => {
                self.emit(Event::Member(MemberEvent::Up { member: member.clone() }));
                if !suspected {
                    return;
                }
                Event::Member(MemberEvent::Suspected { member })
            }
            _ if suspected => Event::Member(MemberEvent::Suspected { member }),
            Status::Up | Status::Leaving if before == Some(Status::Suspect) => {
                if visible {
                    self.emit(Event::Member(MemberEvent::Updated { member: member.clone() }));
                }
                Event::Member(MemberEvent::Refuted { member })
            }
            _ if visible => Event::Member(MemberEvent::Updated { member }),
            _ => return,
        };
        self.emit(event);
    }

    /// Somebody was not taken in.
    fn refuse(&mut self, full: bool) {
        if full {
            self.shared.stats.members.refused += 1;
            if !core::mem::replace(&mut self.full, true) {
                self.emit(Event::Member(MemberEvent::TableFull));
            }
        }
    }

    /// Drops those whose grace is over.
    pub(super) fn expire(&mut self) {
        while let Some(id) = self.shared.table.expire(self.shared.now) {
            self.reconciler.on_change();
            self.emit(Event::Member(MemberEvent::Forgotten { id }));
        }
        self.full &= self.shared.table.is_full();
    }
}
