//! Who is probed when.

use alloc::vec::Vec;

use crate::member::Table;
use crate::rng::Rng;
use crate::{Address, NodeId};

/// SWIM's round-robin over a shuffled order: every live member once in each round, so that the
/// time to the first probe of a crashed one is bounded by two rounds. Newcomers enter the round
/// under way at a random place.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// The slots still to be probed in this round, in no order: each is drawn at random. Who has
    /// died meanwhile is passed over; who flaps may come twice.
    rest: Vec<u32>,
}

impl Schedule {
    pub(super) fn add<A: Address>(&mut self, table: &Table<A>, id: NodeId) {
        let slot = table.find(&id).filter(|_| self.rest.len() < 2 * table.live().len());
        self.rest.extend(slot);
    }

    /// The next to be probed; `None` if nobody else is live.
    pub(super) fn next<A: Address>(&mut self, table: &Table<A>, rng: &mut Rng) -> Option<NodeId> {
        for _ in 0..2 {
            while !self.rest.is_empty() {
                let slot = self.rest.swap_remove(rng.below(self.rest.len()));
                let member = table.in_slot(slot).map(|slot| &slot.member);
                if let Some(member) = member.filter(|member| member.status().is_live()) {
                    return Some(member.id);
                }
            }
            self.rest.extend_from_slice(table.live_slots());
        }
        None
    }
}
