//! The effects of a record on the table, on the machines and on the application.

use core::time::Duration;

use super::Node;
use super::source::Source;
use crate::MemberEvent;
use crate::member::message::Record;
use crate::member::{Accusation, Change, Merge};
use crate::wire::NOT_A_RUMOR;
use crate::{Address, Event, NodeId, Status};

impl<A: Address> Node<A> {
    /// Merges a record from the wire. Returns whether the sender should receive this node's own
    /// record.
    pub(super) fn apply_record(
        &mut self,
        record: &Record<A, &[u8]>,
        source: &Source<'_, A>,
    ) -> bool {
        let Record { id, claim, .. } = record;
        let accusation = record.accusation.as_ref();
        let state = &mut self.state;
        if *id == state.table.local().member.id {
            return self.with_claim(|own, state, is_joining| {
                own.on_record(state, claim, accusation, is_joining)
            });
        }
        let age = Duration::from_millis(u64::from(record.age));
        // An accuser knows the claim and sends it along. If the table kept an accusation that is
        // ahead of its claim, no other accusation would count any more.
        let accusation = accusation.filter(|a| a.incarnation <= claim.incarnation);
        match state.table.merge(state.now, *id, claim, accusation, age) {
            Merge::Known => state.stats.members.records_known += 1,
            Merge::Refused { full } => self.on_refused(full),
            Merge::Changed(change) => {
                state.stats.members.records_learned += 1;
                let is_rumor = record.round != NOT_A_RUMOR;
                let round = is_rumor.then(|| record.round.saturating_add(1));
                self.on_change(*id, change, round, source.member);
            }
        }
        false
    }

    /// Merges this node's own accusation.
    pub(super) fn accuse(&mut self, id: NodeId, accusation: &Accusation) {
        let merged = self.state.table.accuse(self.state.now, &id, accusation);
        if let Merge::Changed(change) = merged {
            self.on_change(id, change, Some(0), None);
        }
    }

    /// Tells the machines and the application about a change in the table. Spreads the record if it
    /// is a rumour of age `round`.
    fn on_change(&mut self, id: NodeId, change: Change, round: Option<u8>, from: Option<NodeId>) {
        let Change { before, after, news, .. } = change;
        let was_live = before.is_some_and(Status::is_live);
        let cx = &mut self.state.cx();
        self.detector.on_change(cx, id, after.is_live() && !was_live);
        self.reconciler.on_change();
        if before == Some(Status::Dead) && after.is_live() {
            self.reconciler.catch_up(cx);
        }
        if let Some(round) = round.filter(|_| news) {
            self.rumors.spread(cx, id, round, from);
        }
        self.report(id, change, was_live);
    }

    fn report(&mut self, id: NodeId, change: Change, was_live: bool) {
        let Change { before, after, visible, .. } = change;
        let Some(slot) = self.state.table.get(&id) else { return };
        let member = slot.member.clone();
        let suspected = after == Status::Suspect && before != Some(Status::Suspect);
        let event = match after {
            Status::Dead if was_live => match self.why(&id) {
                Some(why) => MemberEvent::Failed { member, why },
                None => return,
            },
            Status::Left if was_live || before == Some(Status::Dead) => {
                MemberEvent::Left { member }
            }
            Status::Dead | Status::Left => return,
            _ if !was_live => {
                self.emit(Event::Member(MemberEvent::Up { member: member.clone() }));
                if !suspected {
                    return;
                }
                MemberEvent::Suspected { member }
            }
            _ if suspected => MemberEvent::Suspected { member },
            Status::Up | Status::Leaving if before == Some(Status::Suspect) => {
                if visible {
                    self.emit(Event::Member(MemberEvent::Updated { member: member.clone() }));
                }
                MemberEvent::Refuted { member }
            }
            _ if visible => MemberEvent::Updated { member },
            _ => return,
        };
        self.emit(Event::Member(event));
    }

    /// Counts a newcomer that the table refused. Reports a full table once.
    fn on_refused(&mut self, full: bool) {
        if full {
            self.state.stats.members.refused += 1;
            if !core::mem::replace(&mut self.table_full_reported, true) {
                self.emit(Event::Member(MemberEvent::TableFull));
            }
        }
    }

    /// Removes the members at the end of their retention.
    pub(super) fn expire_members(&mut self) {
        while let Some(id) = self.state.table.expire(self.state.now) {
            self.reconciler.on_change();
            self.emit(Event::Member(MemberEvent::Forgotten { id }));
        }
        self.table_full_reported &= self.state.table.is_full();
    }
}
