//! When to compare with whom, and when to exchange what differs.
//!
//! Every ping and ack carries a fingerprint of the sender's whole member table, so every contact
//! is a comparison (anti-entropy, Demers et al., PODC 1987). After a join, or when somebody comes
//! back from the dead, the node catches up: it compares with random members at a quick pace until
//! enough of them agree. Otherwise a difference may be a rumour under way, and is looked at again a
//! moment later, with another member; what differs twice is looked for at once, and as often as it
//! takes, for any datagram may be lost.

use core::time::Duration;

use smallvec::SmallVec;

use super::action::Action;
use crate::context::Context;
use crate::rng::Rng;
use crate::{Address, Instant, NodeId, time};

/// How many members in a row must know exactly what we know for us to be settled.
const AGREEING: usize = 3;

/// How many of the sixteen parts of the table must differ, while catching up, for everything to
/// be exchanged at once.
const BULK: u32 = 12;

/// The reconciler of one node.
#[derive(Debug)]
pub(crate) struct Reconciler {
    rng: Rng,
    /// While catching up: when to compare next.
    catch_up: Option<Instant>,
    /// While we differ from those we meet: when to look again.
    doubt: Option<Instant>,
    /// Not before this another synchronisation is begun.
    rest_until: Instant,
    /// Members that agreed, in a row.
    agreed: SmallVec<[NodeId; AGREEING]>,
    /// Below which first digits the last contact differed.
    differed: u16,
}

impl Reconciler {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "reconcile"),
            catch_up: None,
            doubt: None,
            rest_until: Instant::ORIGIN,
            agreed: SmallVec::new(),
            differed: 0,
        }
    }

    /// Whether the last members we heard of knew exactly what we know.
    pub(crate) fn is_settled(&self, peers: usize) -> bool {
        self.catch_up.is_none() && self.agreed.len() >= peers.min(AGREEING)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        time::earliest([self.catch_up, self.doubt])
    }

    /// Begins to catch up, if that is not under way: within a sync interval, so that those who
    /// begin together do not go on together.
    pub(crate) fn catch_up<A: Address>(&mut self, cx: &Context<'_, A>) {
        self.agreed.clear();
        if self.catch_up.is_none() {
            let spread = cx.config.repair.interval.as_micros() as usize;
            let delay = Duration::from_micros(self.rng.below(spread) as u64);
            self.catch_up = Some(cx.now + delay);
        }
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        if self.next_timeout().is_none_or(|at| at > cx.now) {
            return;
        }
        let peers = cx.table.live().len();
        if self.agreed.len() >= peers.min(AGREEING) {
            self.catch_up = None;
        }
        if cx.table.is_overflowing() || peers == 0 {
            (self.catch_up, self.doubt) = (None, None);
        }
        // One comparison serves both.
        let next = cx.now + cx.config.repair.interval;
        self.catch_up = self.catch_up.map(|_| next);
        self.doubt = self.doubt.map(|_| next);
        if self.next_timeout().is_some()
            && let Some(&with) = cx.table.sample(&mut self.rng, 1, |_| true).first()
        {
            cx.push(Action::Compare { with });
        }
    }

    /// Our own table has changed: who agreed before need not agree now.
    pub(crate) fn on_change(&mut self) {
        self.agreed.clear();
    }

    /// A member told us the digest of its fingerprint. If it answers us and differs, its roots
    /// come as well; in any case we look for ourselves a moment later, unless rumours are `hot`
    /// here: then it will soon know what we do.
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
            self.doubt = None;
        } else {
            self.agreed.clear();
            if self.differed == 0 {
                // Where, is not known.
                self.differed = u16::MAX;
            }
            if !hot && !cx.table.is_overflowing() {
                self.doubt.get_or_insert(cx.now + cx.config.repair.interval);
            }
        }
    }

    /// A member told us its roots: it differs from us below the first digits `differing`. What
    /// is `hot` there is on its way by itself.
    pub(crate) fn on_roots<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        with: NodeId,
        differing: u16,
        hot: u16,
    ) {
        // Such a table differs for ever; comparing it would never end.
        if cx.table.is_overflowing() {
            return;
        }
        let catching_up = self.catch_up.is_some();
        // The roots are short: where they hide a difference, anything may differ.
        let (differing, before) = match (differing, self.differed) {
            (0, 0) => (u16::MAX, 0),
            (0, _) => (u16::MAX, u16::MAX),
            known => known,
        };
        let again = if catching_up { differing } else { differing & before & !hot };
        self.differed = differing;
        if differing & !hot != 0 {
            self.doubt.get_or_insert(cx.now + cx.config.repair.interval);
        }
        if again == 0 || cx.now < self.rest_until {
            return;
        }
        self.rest_until = cx.now + cx.config.repair.interval * 3 / 4;
        if catching_up && again.count_ones() >= BULK {
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
    fn a_difference_is_looked_at_again_and_again_until_somebody_agrees() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        let begin = world.now;
        reconciler.on_roots(&mut world.cx(), id(3), 0b0001, 0b0001);
        assert_eq!(reconciler.next_timeout(), None, "it is on its way");
        reconciler.on_roots(&mut world.cx(), id(3), 0b0010, 0b0001);
        for looks in 1..=3 {
            assert_eq!(
                reconciler.next_timeout(),
                Some(begin + looks * world.config.repair.interval)
            );
            assert_eq!(world.repair_actions(), []);
            world.now = reconciler.next_timeout().unwrap();
            reconciler.on_timeout(&mut world.cx());
            let actions = world.repair_actions();
            let [Action::Compare { with }] = actions[..] else { panic!("{actions:?}") };
            // The first answer is lost, and so is something of the repair that the second begins.
            if looks > 1 {
                reconciler.on_roots(&mut world.cx(), with, 0b0010, 0);
                assert_eq!(world.repair_actions(), [Action::Descend { with, digits: 0b0010 }]);
            }
        }
        let digest = world.table.digest();
        reconciler.on_contact(&world.cx(), id(4), digest, false);
        assert_eq!(reconciler.next_timeout(), None);
    }

    #[test]
    fn who_is_asked_by_one_that_differs_asks_another_unless_rumours_are_under_way() {
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
    fn who_is_left_alone_has_nobody_to_compare_with() {
        let mut world = World::new(Config::lan(), 0);
        let mut reconciler = Reconciler::new(&[1; 32]);
        reconciler.on_contact(&world.cx(), id(3), 1, false);
        world.now = reconciler.next_timeout().unwrap();
        reconciler.on_timeout(&mut world.cx());
        assert_eq!((world.repair_actions(), reconciler.next_timeout()), ([].into(), None));
    }

    #[test]
    fn what_differs_at_two_contacts_in_a_row_is_repaired_but_not_too_often() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        let mut roots = |world: &mut World, differing, hot| {
            reconciler.on_roots(&mut world.cx(), id(3), differing, hot);
            world.repair_actions()
        };
        let descend = |digits| [Action::Descend { with: id(3), digits }];
        assert_eq!(roots(&mut world, 0b0011, 0), []);
        assert_eq!(roots(&mut world, 0b0110, 0b0010), [], "it is on its way");
        assert_eq!(roots(&mut world, 0b1110, 0b0010), descend(0b0100));
        for _ in 0..10 {
            assert_eq!(roots(&mut world, 0b0100, 0), [], "it has just been tried");
        }
        world.wait(1_000);
        assert_eq!(roots(&mut world, 0b0100, 0), descend(0b0100));
    }

    #[test]
    fn a_ping_that_differs_says_not_where_but_counts() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        reconciler.on_contact(&world.cx(), id(3), 1, true);
        reconciler.on_roots(&mut world.cx(), id(3), 0b0100, 0);
        assert_eq!(world.repair_actions(), [Action::Descend { with: id(3), digits: 0b0100 }]);
        // Roots that are equal by chance hide it: then it may be anywhere.
        world.wait(1_000);
        reconciler.on_contact(&world.cx(), id(3), 1, true);
        reconciler.on_roots(&mut world.cx(), id(3), 0, 0);
        assert_eq!(world.repair_actions(), [Action::Descend { with: id(3), digits: u16::MAX }]);
    }

    #[test]
    fn three_who_agree_settle_it() {
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
        assert!(reconciler.is_settled(0), "nobody is there to agree");
    }

    #[test]
    fn catching_up_compares_until_enough_agree() {
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
    fn a_table_without_room_compares_nothing_but_a_full_one_does() {
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
