//! Payloads to send, and their acks.

use alloc::vec::Vec;

use super::message::{PAYLOAD, Payload};
use crate::Address;
use crate::context::Context;
use crate::detector::message::{ACK, Ack};
use crate::wire::Writer;

/// A message between applications, not yet written.
#[derive(Debug)]
pub(crate) enum Draft {
    Payload {
        target_tag: u32,
        bytes: Vec<u8>,
    },
    /// The ack to a payload.
    Taken {
        nonce: u32,
    },
}

impl Draft {
    pub(crate) fn write<A: Address>(&self, cx: &Context<'_, A>, writer: &mut Writer<'_>) {
        match self {
            Self::Payload { target_tag, bytes } => {
                let (from, target_tag) = (cx.table.local().member.id, *target_tag);
                writer.put(PAYLOAD, &Payload { from, target_tag, bytes });
            }
            &Self::Taken { nonce } => {
                let digest = cx.table.digest();
                let appointment = Ack::NO_APPOINTMENT;
                writer.put(ACK, &Ack { nonce, digest, acquainted: true, appointment });
            }
        }
    }
}
