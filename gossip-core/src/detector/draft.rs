//! The messages that the failure detector wants to send.

use super::message::{
    ACK, Ack, INDIRECT_ACK, IndirectAck, NACK, Nack, PING, PING_REQUEST, Ping, PingRequest,
};
use crate::claim::message::{STANDING, Standing};
use crate::context::Context;
use crate::member::Phase;
use crate::member::message::write_record;
use crate::repair::message::{ROOTS, Roots};
use crate::wire::{NOT_A_RUMOR, Writer};
use crate::{Address, NodeId};

/// A message of the failure detector, not yet written.
#[derive(Debug)]
pub(crate) enum Draft {
    /// A ping, with the record of `attach`.
    Ping {
        nonce: u32,
        target_tag: u32,
        attach: Option<NodeId>,
        /// The ring in which this node watches the receiver.
        ring: Option<u8>,
    },
    /// An ack, with the standing and the record of `attach`: the receiver, if it is not live here.
    Ack {
        nonce: u32,
        acquainted: bool,
        attach: Option<NodeId>,
        /// Nonce and target tag of a ping to the receiver, until its address is verified.
        ping_back: Option<(u32, u32)>,
        /// Whether to add the roots of this node's table.
        differs: bool,
        /// Milliseconds until a watcher should come again.
        appointment: Option<u16>,
    },
    PingRequest {
        target: NodeId,
        nonce: u32,
    },
    IndirectAck {
        nonce: u32,
    },
    Nack {
        nonce: u32,
    },
}

impl Draft {
    pub(crate) fn write<A: Address>(&self, cx: &mut Context<'_, A>, writer: &mut Writer<'_>) {
        let digest = cx.table.digest();
        match *self {
            Self::Ping { nonce, target_tag, attach, ring } => {
                // The receiver should know the sender before it answers.
                write_attached(cx, writer, attach);
                let ring = ring.unwrap_or(Ping::NO_RING);
                writer.put(PING, &Ping { nonce, target_tag, digest, ring });
            }
            Self::Ack { nonce, acquainted, attach, ping_back, differs, appointment } => {
                let appointment = appointment.unwrap_or(Ack::NO_APPOINTMENT);
                writer.put(ACK, &Ack { nonce, digest, acquainted, appointment });
                if let Some(slot) = attach.and_then(|id| cx.table.get(&id)) {
                    // Before all else that may not fit.
                    writer.put(STANDING, &Standing::of(&slot.member));
                }
                if differs {
                    writer.put(ROOTS, &Roots::of(cx.table));
                }
                if let Some((nonce, target_tag)) = ping_back {
                    writer.put(PING, &Ping { nonce, target_tag, digest, ring: Ping::NO_RING });
                }
                write_attached(cx, writer, attach);
            }
            Self::PingRequest { target, nonce } => {
                writer.put(PING_REQUEST, &PingRequest { nonce, target });
            }
            Self::IndirectAck { nonce } => {
                writer.put(INDIRECT_ACK, &IndirectAck { nonce });
            }
            Self::Nack { nonce } => {
                writer.put(NACK, &Nack { nonce });
            }
        }
    }
}

/// Writes the record of a member. It is a rumour only if it says that this node is leaving.
fn write_attached<A: Address>(
    cx: &mut Context<'_, A>,
    writer: &mut Writer<'_>,
    id: Option<NodeId>,
) {
    if let Some(slot) = id.and_then(|id| cx.table.get(&id)) {
        let is_own = slot.member.id == cx.table.local().member.id;
        let is_news = is_own && slot.member.claim.phase != Phase::Up;
        let round = if is_news { 0 } else { NOT_A_RUMOR };
        let written = write_record(writer, slot, round, cx.now);
        cx.stats.traffic.replies_limited += u64::from(!written && writer.is_limited());
    }
}
