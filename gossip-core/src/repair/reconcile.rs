//! The reconciler: when this node compares its table with another member, and when it exchanges the
//! differences.
//!
//! Every ping and ack carries a digest of the sender's whole member table. Every contact is
//! therefore a comparison (anti-entropy, Demers et al., PODC 1987).
//!
//! - After a join, or when a dead member comes back, the node *catches up*. It compares with random
//!   members at short intervals until enough of them agree.
//! - Otherwise a difference may be a rumour under way. The node compares again a little later, with
//!   another member.
//! - The node repairs a difference that it sees twice in a row. It repeats that until the tables
//!   agree, because any datagram may be lost.

use core::time::Duration;

use smallvec::SmallVec;

use super::action::Action;
use crate::context::Context;
use crate::rng::Rng;
use crate::{Address, Instant, NodeId, time};

/// Number of members in a row that must agree for this node to be settled.
const AGREEING: usize = 3;

/// Number of the sixteen parts of the table from which on a node that catches up exchanges
/// everything at once.
const MIN_SYNC_PARTS: u32 = 12;

/// The reconciler of one node.
#[derive(Debug)]
pub(crate) struct Reconciler {
    rng: Rng,
    /// The next comparison while this node catches up.
    next_catch_up: Option<Instant>,
    /// The next comparison while this node differs from the members that it meets.
    next_recheck: Option<Instant>,
    /// The earliest time of the next repair.
    rest_until: Instant,
    /// The last members that agreed, in a row.
    agreed: SmallVec<[NodeId; AGREEING]>,
    /// The first digits below which the last contact differed.
    differed: u16,
}

impl Reconciler {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "reconcile"),
            next_catch_up: None,
            next_recheck: None,
            rest_until: Instant::ORIGIN,
            agreed: SmallVec::new(),
            differed: 0,
        }
    }

    /// Returns whether the last members that this node met agreed with it.
    pub(crate) fn is_settled(&self, peers: usize) -> bool {
        self.next_catch_up.is_none() && self.agreed.len() >= peers.min(AGREEING)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        time::earliest([self.next_catch_up, self.next_recheck])
    }

    /// Begins to catch up. The first comparison is at a random time within a repair interval, so that
    /// nodes that begin together do not stay in step.
    pub(crate) fn catch_up<A: Address>(&mut self, cx: &Context<'_, A>) {
        self.agreed.clear();
        if self.next_catch_up.is_none() {
            let spread = cx.config.repair.interval.as_micros() as usize;
            let delay = Duration::from_micros(self.rng.below(spread) as u64);
            self.next_catch_up = Some(cx.now + delay);
        }
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        if self.next_timeout().is_none_or(|at| at > cx.now) {
            return;
        }
        let peers = cx.table.live().len();
        if self.agreed.len() >= peers.min(AGREEING) {
            self.next_catch_up = None;
        }
        if cx.table.is_overflowing() || peers == 0 {
            (self.next_catch_up, self.next_recheck) = (None, None);
        }
        // One comparison serves both purposes.
        let next = cx.now + cx.config.repair.interval;
        self.next_catch_up = self.next_catch_up.map(|_| next);
        self.next_recheck = self.next_recheck.map(|_| next);
        if self.next_timeout().is_some()
            && let Some(&with) = cx.table.sample(&mut self.rng, 1, |_| true).first()
        {
            cx.push(Action::Compare { with });
        }
    }

    /// Handles a change of this node's table. Members that agreed before may now differ.
    pub(crate) fn on_change(&mut self) {
        self.agreed.clear();
    }

    /// Handles the digest of a member's table. If it differs, this node compares again a little
    /// later, unless rumours are `hot` here: they may end the difference. If it came with an ack,
    /// the roots of the member follow.
    pub(crate) fn on_contact<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        with: NodeId,
        digest: u32,
        hot: bool,
    ) {
        if digest == cx.table.digest() {
            if self.agreed.len() < AGREEING && !self.agreed.contains(&with) {
                self.agreed.push(with);
            }
            self.differed = 0;
            self.next_recheck = None;
        } else {
            self.agreed.clear();
            if self.differed == 0 {
                // The difference may be anywhere.
                self.differed = u16::MAX;
            }
            if !hot && !cx.table.is_overflowing() {
                self.next_recheck.get_or_insert(cx.now + cx.config.repair.interval);
            }
        }
    }

    /// Handles the roots of a member, which differs below the first digits `differing`. Rumours are
    /// `hot` below some of these, and may end the difference there.
    pub(crate) fn on_roots<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        with: NodeId,
        differing: u16,
        hot: u16,
    ) {
        // A table that lacks room stays different, and comparisons would never end.
        if cx.table.is_overflowing() {
            return;
        }
        let catching_up = self.next_catch_up.is_some();
        // The roots are short hashes. If they hide a difference, it may be anywhere.
        let (differing, before) = match (differing, self.differed) {
            (0, 0) => (u16::MAX, 0),
            (0, _) => (u16::MAX, u16::MAX),
            known => known,
        };
        let again = if catching_up { differing } else { differing & before & !hot };
        self.differed = differing;
        if differing & !hot != 0 {
            self.next_recheck.get_or_insert(cx.now + cx.config.repair.interval);
        }
        if again == 0 || cx.now < self.rest_until {
            return;
        }
        self.rest_until = cx.now + cx.config.repair.interval * 3 / 4;
        if catching_up && again.count_ones() >= MIN_SYNC_PARTS {
            cx.push(Action::Sync { with });
        } else {
            cx.push(Action::Descend { with, digits: again });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::testing::{World, id};

    #[test]
    fn comparisons_repeat_until_a_member_agrees() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        let begin = world.now;
        reconciler.on_roots(&mut world.cx(), id(3), 0b0001, 0b0001);
        assert_eq!(reconciler.next_timeout(), None, "a rumour is under way");
        reconciler.on_roots(&mut world.cx(), id(3), 0b0010, 0b0001);
        for count in 1..=3 {
            assert_eq!(
                reconciler.next_timeout(),
                Some(begin + count * world.config.repair.interval)
            );
            assert_eq!(world.repair_actions(), []);
            world.now = reconciler.next_timeout().unwrap();
            reconciler.on_timeout(&mut world.cx());
            let actions = world.repair_actions();
            let [Action::Compare { with }] = actions[..] else { panic!("{actions:?}") };
            // The first answer is lost, and so is a part of the repair that the second begins.
            if count > 1 {
                reconciler.on_roots(&mut world.cx(), with, 0b0010, 0);
                assert_eq!(world.repair_actions(), [Action::Descend { with, digits: 0b0010 }]);
            }
        }
        let digest = world.table.digest();
        reconciler.on_contact(&world.cx(), id(4), digest, false);
        assert_eq!(reconciler.next_timeout(), None);
    }

    #[test]
    fn differing_ping_starts_comparison_unless_rumours_are_hot() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        reconciler.on_contact(&world.cx(), id(3), 1, true);
        assert_eq!(reconciler.next_timeout(), None);
        reconciler.on_contact(&world.cx(), id(3), 1, false);
        world.now = reconciler.next_timeout().unwrap();
        assert_eq!(world.now, Instant::ORIGIN + world.config.repair.interval);
        reconciler.on_timeout(&mut world.cx());
        let actions = world.repair_actions();
        assert!(matches!(actions[..], [Action::Compare { .. }]), "{actions:?}");
    }

    #[test]
    fn lone_node_stops_comparing() {
        let mut world = World::new(Config::lan(), 0);
        let mut reconciler = Reconciler::new(&[1; 32]);
        reconciler.on_contact(&world.cx(), id(3), 1, false);
        world.now = reconciler.next_timeout().unwrap();
        reconciler.on_timeout(&mut world.cx());
        assert_eq!((world.repair_actions(), reconciler.next_timeout()), ([].into(), None));
    }

    #[test]
    fn difference_seen_twice_is_repaired_at_intervals() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        let mut roots = |world: &mut World, differing, hot| {
            reconciler.on_roots(&mut world.cx(), id(3), differing, hot);
            world.repair_actions()
        };
        let descend = |digits| [Action::Descend { with: id(3), digits }];
        assert_eq!(roots(&mut world, 0b0011, 0), []);
        assert_eq!(roots(&mut world, 0b0110, 0b0010), [], "a rumour is under way");
        assert_eq!(roots(&mut world, 0b1110, 0b0010), descend(0b0100));
        for _ in 0..10 {
            assert_eq!(roots(&mut world, 0b0100, 0), [], "repair has just begun");
        }
        world.wait(1_000);
        assert_eq!(roots(&mut world, 0b0100, 0), descend(0b0100));
    }

    #[test]
    fn differing_ping_counts_as_first_contact() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        reconciler.on_contact(&world.cx(), id(3), 1, true);
        reconciler.on_roots(&mut world.cx(), id(3), 0b0100, 0);
        assert_eq!(world.repair_actions(), [Action::Descend { with: id(3), digits: 0b0100 }]);
        // Roots that are equal by chance hide the difference, which may then be anywhere.
        world.wait(1_000);
        reconciler.on_contact(&world.cx(), id(3), 1, true);
        reconciler.on_roots(&mut world.cx(), id(3), 0, 0);
        assert_eq!(world.repair_actions(), [Action::Descend { with: id(3), digits: u16::MAX }]);
    }

    #[test]
    fn three_agreeing_members_settle_the_node() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        let digest = world.table.digest();
        assert!(!reconciler.is_settled(9));
        for index in [1, 1, 2, 2, 3] {
            assert!(!reconciler.is_settled(9));
            reconciler.on_contact(&world.cx(), id(index), digest, false);
        }
        assert!(reconciler.is_settled(9));
        reconciler.on_change();
        assert!(!reconciler.is_settled(9));
        assert!(reconciler.is_settled(0), "there are no peers");
    }

    #[test]
    fn catch_up_ends_when_enough_members_agree() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        reconciler.catch_up(&world.cx());
        let digest = world.table.digest();
        for index in 1..=3 {
            assert!(!reconciler.is_settled(9));
            world.now = reconciler.next_timeout().unwrap();
            reconciler.on_timeout(&mut world.cx());
            let actions = world.repair_actions();
            assert!(matches!(actions[..], [Action::Compare { .. }]), "{actions:?}");
            reconciler.on_contact(&world.cx(), id(index), digest, false);
        }
        world.now = reconciler.next_timeout().unwrap();
        reconciler.on_timeout(&mut world.cx());
        assert_eq!((world.repair_actions(), reconciler.next_timeout()), (alloc::vec![], None));
        assert!(reconciler.is_settled(9));
    }

    #[test]
    fn overflowing_table_compares_nothing_but_full_one_does() {
        let mut world = World::new(Config::lan().with(|config| config.members.max = 10), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        world.learn(10, 0);
        for _ in 0..5 {
            reconciler.on_roots(&mut world.cx(), id(3), 1, 0);
        }
        assert_eq!(world.repair_actions(), []);

        let mut world = World::new(Config::lan().with(|config| config.members.max = 10), 9);
        world.wait(10_000);
        reconciler.on_roots(&mut world.cx(), id(3), 1, 0);
        reconciler.on_roots(&mut world.cx(), id(3), 1, 0);
        assert_eq!(world.repair_actions(), [Action::Descend { with: id(3), digits: 1 }]);
    }
}
