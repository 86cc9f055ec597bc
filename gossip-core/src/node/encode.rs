//! Encoding of drafts. The node composes messages of several modules here.

use super::Node;
use super::outbox::Draft;
use crate::detector::draft::Draft as DetectorDraft;
use crate::id::ShortIds;
use crate::member::message::write_want;
use crate::repair::draft::{Draft as RepairDraft, END, write_end};
use crate::wire::Writer;
use crate::{Address, NodeId};

impl<A: Address> Node<A> {
    /// Writes as much of `draft` as fits. Returns whether `draft` holds a rest for another datagram
    /// or frame.
    pub(super) fn encode(
        &mut self,
        writer: &mut Writer<'_>,
        receiver: Option<NodeId>,
        draft: &mut Draft,
    ) -> bool {
        let Self { state, rumors, seeds, scratch, .. } = self;
        let cx = &mut state.cx();
        match draft {
            Draft::Detector(draft) => {
                draft.write(cx, writer);
                if matches!(draft, DetectorDraft::Ping { .. } | DetectorDraft::Ack { .. }) {
                    self.piggyback(writer, receiver);
                }
                false
            }
            Draft::Rumor(draft) => rumors.write(cx, receiver, draft, writer, scratch),
            Draft::Repair(RepairDraft::Answer { records, wants }) => {
                self.write_answer(writer, records, wants);
                false
            }
            Draft::Repair(draft) => draft.write(cx, writer, scratch),
            Draft::Join(draft) => {
                draft.write(cx, &mut seeds.rng, receiver, writer);
                false
            }
            Draft::Direct(draft) => {
                draft.write(cx, writer);
                false
            }
        }
    }

    /// Adds the names of old rumours to a ping or ack, if the receiver's address is verified.
    fn piggyback(&mut self, writer: &mut Writer<'_>, receiver: Option<NodeId>) {
        if self.rumors.is_idle() {
            return;
        }
        let slot = receiver.and_then(|id| self.state.table.get(&id));
        if slot.is_some_and(|slot| slot.verified) {
            self.rumors.write_adverts(&self.state.cx(), writer);
        }
    }

    /// Writes the reply to a page of versions: requests, records, and an end.
    fn write_answer(
        &mut self,
        writer: &mut Writer<'_>,
        records: &mut ShortIds,
        wants: &mut ShortIds,
    ) {
        write_want(writer, wants, &mut self.scratch);
        let whole = writer.len() + writer.room();
        writer.limit(whole.saturating_sub(END));
        let cx = &mut self.state.cx();
        let more = self.rumors.write_records(cx, records, writer) || !wants.is_empty();
        writer.limit(whole);
        write_end(cx, writer, more);
    }
}
