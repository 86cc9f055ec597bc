//! The connectivity of this node itself. A node that is cut off must not judge others.

use smallvec::SmallVec;

use crate::{Instant, NodeId};

/// Number of other members that a node must have heard from since a suspicion began, before it may
/// declare the suspect dead.
pub(super) const WITNESSES: usize = 3;

/// Number of members in a row that must be silent before a node considers itself isolated.
const ISOLATION: usize = 3;

/// Recent contacts of this node.
#[derive(Debug, Default)]
pub(super) struct Quorum {
    /// The members heard from last, latest first. One more than needed, since one may be the
    /// suspect.
    heard: SmallVec<[(NodeId, Instant); WITNESSES + 1]>,
    /// The members that answered no probe since the last ack.
    silent: SmallVec<[NodeId; ISOLATION]>,
    /// The connectivity epoch: the number of isolations that ended.
    connectivity: u32,
}

impl Quorum {
    /// Notes a datagram or frame from a member.
    pub(super) fn on_heard(&mut self, now: Instant, id: NodeId) {
        match self.heard.iter().position(|(other, _)| *other == id) {
            Some(index) => self.heard[..=index].rotate_right(1),
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

    /// Returns whether enough other members were heard from since then to judge a suspect. Of the
    /// `peers` live members, `healthy` others are not suspected.
    ///
    /// Two members lost at once cannot be witnesses for each other. The lone survivor of three has
    /// no witness and declares no member dead.
    pub(super) fn is_met(
        &self,
        since: Instant,
        suspect: NodeId,
        healthy: usize,
        peers: usize,
    ) -> bool {
        let needed = if peers > 1 { healthy.clamp(1, WITNESSES) } else { 0 };
        let heard = |&&(id, at): &&(NodeId, Instant)| id != suspect && at >= since;
        self.heard.iter().filter(heard).count() >= needed
    }

    /// Notes the failed probe of `target`, one of `peers` live members. Returns whether this node is
    /// isolated from now on.
    pub(super) fn on_silence(&mut self, target: NodeId, peers: usize) -> bool {
        if self.is_isolated() || peers <= ISOLATION || self.silent.contains(&target) {
            return false;
        }
        self.silent.push(target);
        self.is_isolated()
    }

    /// Notes an ack. Returns whether it ends an isolation.
    pub(super) fn on_ack(&mut self) -> bool {
        let isolated = self.is_isolated();
        if isolated {
            self.connectivity = self.connectivity.wrapping_add(1);
        }
        self.silent.clear();
        isolated
    }

    /// Returns the connectivity epoch. A probe that began in an earlier one may have failed because
    /// this node was cut off.
    pub(super) fn connectivity(&self) -> u32 {
        self.connectivity
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
    fn quorum_needs_three_recent_contacts() {
        let mut quorum = Quorum::default();
        for (index, second) in [(1, 1), (2, 2), (9, 3), (9, 4), (3, 5)] {
            quorum.on_heard(at(second), id(index));
        }
        assert!(quorum.is_met(at(1), id(9), 3, 50));
        assert!(!quorum.is_met(at(2), id(9), 3, 50));
        assert!(quorum.is_met(at(2), id(7), 3, 50));
        quorum.on_heard(at(6), id(1));
        assert!(quorum.is_met(at(2), id(9), 3, 50));
        // With fewer healthy members all of them, and at least one. The last of two needs none.
        assert!(quorum.is_met(at(6), id(9), 1, 4));
        assert!(!quorum.is_met(at(7), id(9), 0, 4));
        assert!(quorum.is_met(at(7), id(9), 0, 1));
    }

    #[test]
    fn three_silent_members_isolate_until_an_ack() {
        let mut quorum = Quorum::default();
        let told = [1, 2, 2, 1, 3, 4].map(|index| quorum.on_silence(id(index), 50));
        assert_eq!(told, [false, false, false, false, true, false]);
        assert!(quorum.is_isolated());
        let connectivity = quorum.connectivity();
        assert_eq!([quorum.on_ack(), quorum.on_ack()], [true, false]);
        assert!(!quorum.is_isolated());
        assert_ne!(quorum.connectivity(), connectivity);
        // Among four nodes three can be dead.
        assert!(!(1..=3).any(|index| quorum.on_silence(id(index), 3)));
    }
}
