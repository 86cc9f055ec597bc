//! One probe: a direct ping, then indirect ones and a request, each with the same question:
//! does it live?

use core::time::Duration;

use super::Detector;
use crate::action::{Action, Context};
use crate::member::{Accusation, Level};
use crate::{Address, Incarnation, Instant, NodeId, Status};

/// A probe under way. It is known by the nonce of its pings.
#[derive(Debug)]
pub(crate) struct Probe {
    target: NodeId,
    /// What the target was when the probe began; what it becomes meanwhile is not judged.
    incarnation: Incarnation,
    stage: Stage,
    /// When it has failed.
    end: Instant,
}

#[derive(Debug)]
enum Stage {
    Direct,
    Indirect {
        /// How many relays were asked, and how many of them said that they could not reach it
        /// either: those who said nothing hint that it is we who are cut off.
        asked: u8,
        nacks: u8,
    },
}

impl Probe {
    pub(super) fn postpone(&mut self, pause: Duration) {
        self.end = self.end + pause;
    }
}

impl Detector {
    pub(super) fn begin_probe<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        let Some(target) = self.schedule.next(cx.table, &mut self.rng) else { return };
        let Some(slot) = cx.table.get(&target) else { return };
        cx.stats.probes += 1;
        let nonce = self.rng.next_u32();
        let end = cx.now + self.health.stretch(cx.config.probe_interval);
        let incarnation = slot.member.incarnation();
        let probe = Probe { target, incarnation, stage: Stage::Direct, end };
        let patience = self.health.stretch(cx.config.probe_timeout);
        self.probes.set(nonce, cx.now + patience, probe);
        // Lifeguard's buddy system: who is suspected is the first to know.
        let told = cx.config.buddy && slot.member.status() == Status::Suspect;
        let attach = told.then_some(target);
        cx.actions.push_back(Action::Ping { to: target, nonce, attach });
    }

    pub(super) fn on_probe_timeout<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        nonce: u32,
        probe: Probe,
    ) {
        match probe.stage {
            Stage::Direct if probe.end > cx.now => self.ask_others(cx, nonce, probe),
            Stage::Direct => self.fail(cx, &probe, 0, 0),
            Stage::Indirect { asked, nacks } => self.fail(cx, &probe, asked, nacks),
        }
    }

    fn ask_others<A: Address>(&mut self, cx: &mut Context<'_, A>, nonce: u32, probe: Probe) {
        let target = probe.target;
        let count = usize::from(cx.config.indirect_probes);
        let helpful = |id: NodeId, status| id != target && status == Status::Up;
        let relays = cx
            .table
            .draw(&mut self.rng, count, |slot| helpful(slot.member.id, slot.member.status()));
        let asked = relays.len() as u8;
        for relay in relays {
            cx.actions.push_back(Action::PingRequest { relay, target, nonce });
        }
        cx.actions.push_back(Action::PingByRequest { to: target, nonce });
        let stage = Stage::Indirect { asked, nacks: 0 };
        self.probes.set(nonce, probe.end, Probe { stage, ..probe });
    }

    /// Who answered, if `nonce` is that of a probe under way. An answer that comes late, but
    /// before the verdict of its probe, counts.
    pub(crate) fn on_ack<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        nonce: u32,
        by_request: bool,
    ) -> Option<NodeId> {
        if let Some(relay) = self.relays.remove(&nonce) {
            cx.actions.push_back(Action::IndirectAck { to: relay.origin, nonce: relay.nonce });
            return Some(relay.target);
        }
        let probe = self.probes.remove(&nonce)?;
        if by_request {
            cx.stats.probes_rescued_by_request += 1;
        }
        self.health.improve();
        Some(probe.target)
    }

    pub(crate) fn on_nack(&mut self, nonce: u32) {
        let stage = self.probes.get_mut(&nonce).map(|probe| &mut probe.stage);
        if let Some(Stage::Indirect { asked, nacks }) = stage {
            *nacks = nacks.saturating_add(1).min(*asked);
        }
    }

    fn fail<A: Address>(&mut self, cx: &mut Context<'_, A>, probe: &Probe, asked: u8, nacks: u8) {
        cx.stats.probes_failed += 1;
        // Lifeguard's LHA-Probe: a relay that did not even say no is missed by us as well. Where
        // nobody could be asked there is nothing to compare with, and the failure itself counts.
        self.health.worsen(if asked > 0 { asked - nacks } else { 1 });
        let Some(slot) = cx.table.get(&probe.target) else { return };
        let same = slot.member.incarnation() == probe.incarnation;
        if same && slot.member.status().is_live() {
            cx.stats.suspicions_raised += 1;
            let accuser = cx.table.own().short;
            let accusation = Accusation::new(probe.incarnation, Level::Suspect, accuser);
            cx.actions.push_back(Action::Accuse { id: probe.target, accusation });
        }
    }
}
