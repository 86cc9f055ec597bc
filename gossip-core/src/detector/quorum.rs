//! Whether it is we who are cut off: who sees nobody must not judge anybody.

use smallvec::SmallVec;

use crate::{Instant, NodeId};

/// From how many others we must have heard since a suspicion began before we may end it.
pub(super) const WITNESSES: usize = 3;

/// How many members in a row must be silent before we suspect ourselves.
const ISOLATION: usize = 3;

/// What we have heard of late, and what not.
#[derive(Debug, Default)]
pub(super) struct Quorum {
    /// Of whom we heard last, the latest first. One more than is asked for, who may be the suspect.
    heard: SmallVec<[(NodeId, Instant); WITNESSES + 1]>,
    /// Whose probes have failed since the last ack.
    silent: SmallVec<[NodeId; ISOLATION]>,
    /// How often we were isolated, and then no longer.
    era: u32,
}

impl Quorum {
    /// Something came from a member.
    pub(super) fn on_heard(&mut self, now: Instant, id: NodeId) {
        match self.heard.iter().position(|(other, _)| *other == id) {
            Some(place) => self.heard[..=place].rotate_right(1),
            None => {
                self.heard.truncate(WITNESSES);
                self.heard.insert(0, (id, now));
            }
        }
        self.heard[0].1 = now;
    }

    #[cfg(test)]
    pub(super) fn has_heard(&self, id: NodeId) -> bool {
        self.heard.iter().any(|(other, _)| *other == id)
    }

    /// Whether enough others have been heard since then to judge a suspect, where `well` of them
    /// are not suspected, and `peers` are live with it. Of two who are lost at once neither can
    /// speak for the other; but one that is left of three cannot tell who is lost.
    pub(super) fn is_met(
        &self,
        since: Instant,
        suspect: NodeId,
        well: usize,
        peers: usize,
    ) -> bool {
        let needed = if peers > 1 { well.clamp(1, WITNESSES) } else { 0 };
        let heard = |&&(id, at): &&(NodeId, Instant)| id != suspect && at >= since;
        self.heard.iter().filter(heard).count() >= needed
    }

    /// A probe of `target`, one of `peers`, has failed. Whether that makes us isolated now.
    pub(super) fn on_silence(&mut self, target: NodeId, peers: usize) -> bool {
        if self.is_isolated() || peers <= ISOLATION || self.silent.contains(&target) {
            return false;
        }
        self.silent.push(target);
        self.is_isolated()
    }

    /// Somebody has answered. Whether we were isolated till now.
    pub(super) fn on_ack(&mut self) -> bool {
        let isolated = self.is_isolated();
        if isolated {
            self.era = self.era.wrapping_add(1);
        }
        self.silent.clear();
        isolated
    }

    /// What began in another era may have failed for our own fault.
    pub(super) fn era(&self) -> u32 {
        self.era
    }

    pub(super) fn is_isolated(&self) -> bool {
        self.silent.len() >= ISOLATION
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::testing::id;

    fn at(seconds: u64) -> Instant {
        Instant::ORIGIN + Duration::from_secs(seconds)
    }

    #[test]
    fn three_others_must_have_been_heard_since() {
        let mut quorum = Quorum::default();
        for (index, second) in [(1, 1), (2, 2), (9, 3), (9, 4), (3, 5)] {
            quorum.on_heard(at(second), id(index));
        }
        assert!(quorum.is_met(at(1), id(9), 3, 50));
        assert!(!quorum.is_met(at(2), id(9), 3, 50));
        assert!(quorum.is_met(at(2), id(7), 3, 50));
        quorum.on_heard(at(6), id(1));
        assert!(quorum.is_met(at(2), id(9), 3, 50));
        // Where fewer are well, all those, but one at least; the last of two has nobody to ask.
        assert!(quorum.is_met(at(6), id(9), 1, 4));
        assert!(!quorum.is_met(at(7), id(9), 0, 4));
        assert!(quorum.is_met(at(7), id(9), 0, 1));
    }

    #[test]
    fn three_silent_ones_in_a_row_make_us_isolated_and_one_ack_ends_it() {
        let mut quorum = Quorum::default();
        let told = [1, 2, 2, 1, 3, 4].map(|index| quorum.on_silence(id(index), 50));
        assert_eq!(told, [false, false, false, false, true, false]);
        assert!(quorum.is_isolated());
        let era = quorum.era();
        assert_eq!([quorum.on_ack(), quorum.on_ack()], [true, false]);
        assert!(!quorum.is_isolated());
        assert_ne!(quorum.era(), era);
        // Among four nodes three can be dead.
        assert!(!(1..=3).any(|index| quorum.on_silence(id(index), 3)));
    }
}
