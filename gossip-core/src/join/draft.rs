//! The messages that joining wants to send.

use super::message::{JOIN, Join, WELCOME, Welcome};
use crate::context::Context;
use crate::member::Slot;
use crate::member::message::write_record;
use crate::rng::Rng;
use crate::wire::{NOT_A_RUMOR, Writer};
use crate::{Address, NodeId};

/// Number of members that a joiner is told about.
const INTRODUCED: usize = 24;

/// A message of joining, not yet written.
#[derive(Debug)]
pub(crate) enum Draft {
    Join { nonce: u32 },
    Welcome { nonce: u32, admitted: bool },
}

impl Draft {
    /// Writes the message. `receiver` is the joiner, if this node knows it.
    pub(crate) fn write<A: Address>(
        &self,
        cx: &Context<'_, A>,
        rng: &mut Rng,
        receiver: Option<NodeId>,
        writer: &mut Writer<'_>,
    ) {
        match *self {
            Self::Join { nonce } => {
                write_record(writer, cx.table.local(), 0, cx.now);
                writer.put(JOIN, &Join { nonce });
                // The answer may have three times the length of the question.
                writer.pad(cx.config.datagram_budget / 3 + 1);
            }
            Self::Welcome { nonce, admitted } => {
                let id = cx.table.local().member.id;
                writer.put(WELCOME, &Welcome { nonce, id, admitted });
                if admitted {
                    introduce(cx, rng, receiver, writer);
                }
            }
        }
    }
}

/// Writes this node's record, and those of some members to begin with.
fn introduce<A: Address>(
    cx: &Context<'_, A>,
    rng: &mut Rng,
    receiver: Option<NodeId>,
    writer: &mut Writer<'_>,
) {
    write_record(writer, cx.table.local(), NOT_A_RUMOR, cx.now);
    for _ in 0..INTRODUCED.div_ceil(8) {
        let is_other = |slot: &Slot<A>| Some(slot.member.id) != receiver;
        for id in cx.table.sample(rng, 8, is_other) {
            if let Some(slot) = cx.table.get(&id) {
                write_record(writer, slot, NOT_A_RUMOR, cx.now);
            }
        }
    }
}
