//! The running of actions: effects of one machine on the others, on the network and on the
//! application.

use smallvec::SmallVec;

use super::Node;
use super::action::Action;
use super::outbox::Draft;
use super::requests::RequestKind;
use crate::claim::OwnClaim;
use crate::claim::action::Action as ClaimAction;
use crate::context::State;
use crate::detector::action::Action as DetectorAction;
use crate::detector::draft::Draft as DetectorDraft;
use crate::join::action::Action as JoinAction;
use crate::join::draft::Draft as JoinDraft;
use crate::member::Prefix;
use crate::repair::action::Action as RepairAction;
use crate::repair::draft::Draft as RepairDraft;
use crate::rumor::action::Action as RumorAction;
use crate::rumor::draft::Draft as RumorDraft;
use crate::{Address, Event, NodeId, queue};
use crate::{DetectorEvent, JoinEvent, LocalEvent};

impl<A: Address> Node<A> {
    /// Runs the queued actions and computes the next deadline. Every input and command ends with
    /// it.
    pub(super) fn run_actions(&mut self) {
        self.drain_actions();
        self.next_deadline = self.compute_deadline();
    }

    fn drain_actions(&mut self) {
        while let Some(action) = queue::pop(&mut self.state.actions) {
            match action {
                Action::Detector(action) => self.run_for_detector(action),
                Action::Rumor(action) => self.run_for_rumors(action),
                Action::Repair(action) => self.run_for_repair(action),
            }
        }
    }

    fn run_for_detector(&mut self, action: DetectorAction) {
        match action {
            DetectorAction::Ping { to, nonce, attach, ring } => self.ping(to, nonce, attach, ring),
            DetectorAction::PingRequest { relay, target, nonce } => {
                let draft = DetectorDraft::PingRequest { target, nonce };
                self.enqueue_to(relay, Draft::Detector(draft));
            }
            DetectorAction::PingByRequest { to, nonce } => {
                self.request(to, RequestKind::Ping { nonce });
            }
            DetectorAction::IndirectAck { to, nonce } => {
                self.enqueue_to(to, Draft::Detector(DetectorDraft::IndirectAck { nonce }));
            }
            DetectorAction::Nack { to, nonce } => {
                self.enqueue_to(to, Draft::Detector(DetectorDraft::Nack { nonce }));
            }
            DetectorAction::Isolated => self.emit(Event::Detector(DetectorEvent::Isolated)),
            DetectorAction::Reconnected => self.emit(Event::Detector(DetectorEvent::Reconnected)),
            DetectorAction::DatagramsBlocked { id } => {
                self.emit(Event::Detector(DetectorEvent::DatagramsBlocked { id }));
            }
            DetectorAction::Accuse { id, accusation } => self.accuse(id, &accusation),
            DetectorAction::SpreadAgain { id } => {
                self.rumors.spread(&mut self.state.cx(), id, 0, None);
            }
            DetectorAction::CallWatcher { watcher } => self.compare(watcher),
        }
    }

    fn run_for_rumors(&mut self, action: RumorAction) {
        match action {
            RumorAction::Push { to, hops } => {
                self.enqueue_to(to, Draft::Rumor(RumorDraft::Push { hops, first: 0 }));
            }
            RumorAction::Advertise { to } => {
                self.enqueue_to(to, Draft::Rumor(RumorDraft::Adverts));
            }
            RumorAction::Want { from, short } => {
                let items = SmallVec::from_slice(&[short]);
                self.enqueue_to(from, Draft::Rumor(RumorDraft::Want { items, padded: true }));
            }
        }
    }

    fn run_for_repair(&mut self, action: RepairAction) {
        match action {
            RepairAction::Compare { with } => self.compare(with),
            RepairAction::Sync { with } => self.begin_sync(with),
            RepairAction::Descend { with, digits } => {
                let prefixes = Prefix::ROOT.children(digits);
                let begun = self.enqueue_to(with, Draft::Repair(RepairDraft::Descend(prefixes)));
                self.state.stats.repair.syncs += u64::from(begun);
            }
        }
    }

    /// Lets the own claim act on the table, and runs its actions.
    pub(super) fn with_claim<T>(
        &mut self,
        act: impl FnOnce(&mut OwnClaim<A>, &mut State<A>, bool) -> T,
    ) -> T {
        let is_joining = !self.seeds.is_idle();
        let result = act(&mut self.claim, &mut self.state, is_joining);
        while let Some(action) = self.claim.poll_action() {
            self.run_for_claim(action);
        }
        result
    }

    fn run_for_claim(&mut self, action: ClaimAction<A>) {
        match action {
            ClaimAction::Spread => {
                let id = self.local().id();
                self.reconciler.on_change();
                self.rumors.spread(&mut self.state.cx(), id, 0, None);
            }
            ClaimAction::Accused => self.detector.on_accused(),
            ClaimAction::PingRival { to, nonce, target_tag } => {
                let ping = DetectorDraft::Ping { nonce, target_tag, attach: None, ring: None };
                self.enqueue(to, None, Draft::Detector(ping));
            }
            ClaimAction::Conflict { address } => {
                self.emit(Event::Local(LocalEvent::Conflict { address }));
                self.stop();
            }
            ClaimAction::Left => {
                // The last datagrams still have to leave.
                self.drain_actions();
                let last = core::mem::take(&mut self.outbox);
                self.emit(Event::Local(LocalEvent::Left));
                self.stop();
                self.outbox = last;
            }
        }
    }

    /// Runs the actions of joining.
    pub(super) fn run_join_actions(&mut self) {
        while let Some(action) = self.seeds.poll_action() {
            match action {
                JoinAction::Join { to, nonce } => {
                    self.enqueue(to, None, Draft::Join(JoinDraft::Join { nonce }));
                }
                JoinAction::CatchUp => self.reconciler.catch_up(&self.state.cx()),
                JoinAction::Finished { id, outcomes } => {
                    self.emit(Event::Join(JoinEvent::Finished { id, outcomes }));
                }
            }
        }
    }

    /// Pings a member, so that both see the other's digest. The ping carries this node's own
    /// record, since the member may not know it yet.
    fn compare(&mut self, with: NodeId) {
        let own = self.local().id();
        self.ping(with, self.state.table.cookie(&with, 0), Some(own), None);
    }

    fn ping(&mut self, to: NodeId, nonce: u32, attach: Option<NodeId>, ring: Option<u8>) {
        if let Some(slot) = self.state.table.get(&to) {
            let target_tag = self.state.table.target_tag(&to, slot.member.incarnation());
            let address = slot.member.claim.address.clone();
            let ping = DetectorDraft::Ping { nonce, target_tag, attach, ring };
            self.enqueue(address, Some(to), Draft::Detector(ping));
        }
    }
}
