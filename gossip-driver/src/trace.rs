//! Log lines, the same for all adapters; the crate's documentation lists their levels.

use std::fmt::Display;
use std::net::SocketAddr;

use gossip_core::{NodeId, Reject};
use tracing::{debug, error, info, trace, warn};

use crate::{DetectorEvent, Event, LocalEvent, Member, MemberEvent, Report, SnapshotError};

pub(crate) fn received(node: NodeId, from: SocketAddr, bytes: usize, result: Result<(), Reject>) {
    match result {
        Ok(()) => trace!(%node, %from, bytes, "datagram received"),
        Err(reject) => debug!(%node, %from, bytes, %reject, "datagram refused"),
    }
}

pub(crate) fn sent(node: NodeId, to: SocketAddr, bytes: usize) {
    trace!(%node, %to, bytes, "datagram sent");
}

pub(crate) fn request(node: NodeId, to: SocketAddr, bytes: usize) {
    trace!(%node, %to, bytes, "request sent");
}

pub(crate) fn served(node: NodeId, from: SocketAddr, bytes: usize, result: Result<(), Reject>) {
    match result {
        Ok(()) => trace!(%node, %from, bytes, "request served"),
        Err(reject) => debug!(%node, %from, bytes, %reject, "request refused"),
    }
}

pub(crate) fn request_failed(node: NodeId, to: SocketAddr, error: &dyn Display) {
    debug!(%node, %to, %error, "request failed");
}

pub(crate) fn socket(node: NodeId, what: &'static str, error: &dyn Display) {
    debug!(%node, what, %error, "socket error");
}

pub(crate) fn unresolved(seed: &str, error: &dyn Display) {
    debug!(seed, %error, "seed cannot be resolved");
}

pub(crate) fn snapshot(node: NodeId, error: &SnapshotError) {
    warn!(%node, error = %Report(error), "snapshot");
}

pub(crate) fn panicked(node: NodeId) {
    error!(%node, "the driver's thread has panicked");
}

pub(crate) fn event(node: NodeId, event: &Event) {
    let member = |change: &'static str, member: &Member| {
        info!(
            %node,
            member = %member.id(),
            address = %member.address(),
            epoch = member.epoch().get(),
            change,
            "membership"
        );
    };
    match event {
        Event::Member(MemberEvent::Up { member: who }) => member("up", who),
        Event::Member(MemberEvent::Updated { member: who }) => member("updated", who),
        Event::Member(MemberEvent::Suspected { member: who }) => member("suspected", who),
        Event::Member(MemberEvent::Refuted { member: who }) => member("refuted", who),
        Event::Member(MemberEvent::Failed { member: who, why }) => {
            member("failed", who);
            debug!(%node, member = %who.id(), ?why, "verdict");
        }
        Event::Member(MemberEvent::Left { member: who }) => member("left", who),
        Event::Member(MemberEvent::Forgotten { id: who }) => {
            info!(%node, member = %who, change = "forgotten", "membership");
        }
        Event::Detector(DetectorEvent::Isolated) => warn!(%node, "no member answers us"),
        Event::Detector(DetectorEvent::Reconnected) => info!(%node, "members answer again"),
        Event::Detector(DetectorEvent::DatagramsBlocked { id: who }) => {
            warn!(%node, member = %who, "a member answers requests, but no datagrams");
        }
        Event::Member(MemberEvent::TableFull) => warn!(%node, "the member table is full"),
        Event::Local(LocalEvent::Conflict { address }) => {
            warn!(%node, %address, "another process has our id and the better claim to it");
        }
        Event::Local(LocalEvent::Left) => info!(%node, "left"),
        Event::Lagged { lost } => warn!(%node, lost, "events lost"),
        _ => trace!(%node, ?event, "event"),
    }
}
