//! When to compare with whom, and when to exchange what differs.
//!
//! Every ping and ack carries a fingerprint of the sender's whole member table, so every contact
//! is a comparison (anti-entropy, Demers et al., PODC 1987). After a join, or when somebody comes
//! back from the dead, the node catches up: it compares with random members at a quick pace until
//! enough of them agree. Otherwise two contacts in a row that differ begin a synchronisation.

use core::time::Duration;

use crate::action::{Action, Context};
use crate::rng::Rng;
use crate::{Address, Instant, NodeId};

/// How many members in a row must know exactly what we know for us to be settled.
const AGREEING: u32 = 3;

/// How many contacts in a row must differ for a repair.
const DIFFERING: u32 = 2;

/// How many times the sync interval passes between repairs when not catching up.
const REPAIR_PACE: u32 = 4;

/// The reconciler of one node.
#[derive(Debug)]
pub(crate) struct Reconciler {
    rng: Rng,
    /// While catching up: when to compare next.
    catch_up: Option<Instant>,
    /// Not before this another synchronisation is begun.
    rest_until: Instant,
    /// Contacts in a row that agreed, and that differed.
    agreed: u32,
    differed: u32,
}

impl Reconciler {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self {
            rng: Rng::new(entropy, "reconcile"),
            catch_up: None,
            rest_until: Instant::ORIGIN,
            agreed: 0,
            differed: 0,
        }
    }

    /// Whether the last members we heard of knew exactly what we know.
    pub(crate) fn is_settled(&self, peers: usize) -> bool {
        self.catch_up.is_none() && self.agreed as usize >= peers.min(AGREEING as usize)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.catch_up
    }

    /// Begins to catch up, if that is not under way: within a sync interval, so that those who
    /// begin together do not go on together.
    pub(crate) fn catch_up<A: Address>(&mut self, cx: &Context<'_, A>) {
        self.agreed = 0;
        if self.catch_up.is_none() {
            let spread = cx.config.sync_interval.as_micros() as usize;
            let delay = Duration::from_micros(self.rng.below(spread) as u64);
            self.catch_up = Some(cx.now + delay);
        }
    }

    pub(crate) fn on_timeout<A: Address>(&mut self, cx: &mut Context<'_, A>) {
        if self.catch_up.is_none_or(|at| at > cx.now) {
            return;
        }
        if self.agreed >= AGREEING || cx.table.live().len() == 0 || cx.table.is_full() {
            self.catch_up = None;
            return;
        }
        self.catch_up = Some(cx.now + cx.config.sync_interval);
        if let Some(&with) = cx.table.draw(&mut self.rng, 1, |_| true).first() {
            cx.actions.push_back(Action::Compare { with });
        }
    }

    /// Our own table has changed: who agreed before need not agree now.
    pub(crate) fn on_change(&mut self) {
        self.agreed = 0;
    }

    /// A member told us the fold of its fingerprint.
    pub(crate) fn on_contact<A: Address>(
        &mut self,
        cx: &mut Context<'_, A>,
        with: NodeId,
        fold: u32,
    ) {
        if fold == cx.table.fold() {
            self.agreed = self.agreed.saturating_add(1);
            self.differed = 0;
            return;
        }
        self.agreed = 0;
        self.differed = self.differed.saturating_add(1);
        let (due, pace) = match self.catch_up {
            Some(_) => (1, 1),
            None => (DIFFERING, REPAIR_PACE),
        };
        // A full table differs for ever; comparing it would never end.
        if self.differed >= due && cx.now >= self.rest_until && !cx.table.is_full() {
            self.differed = 0;
            self.rest_until = cx.now + cx.config.sync_interval * pace * 3 / 4;
            cx.stats.syncs += 1;
            cx.actions.push_back(Action::Sync { with });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::testing::{World, id};

    #[test]
    fn two_contacts_that_differ_begin_a_repair_but_not_too_often() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        let mut differ = |world: &mut World| {
            reconciler.on_contact(&mut world.cx(), id(3), 1);
            world.take()
        };
        assert_eq!(differ(&mut world), []);
        assert_eq!(differ(&mut world), [Action::Sync { with: id(3) }]);
        for _ in 0..10 {
            assert_eq!(differ(&mut world), [], "it has just been tried");
        }
        world.wait(1_000);
        assert_eq!(differ(&mut world), [Action::Sync { with: id(3) }]);
        assert_eq!(world.stats.syncs, 2);
    }

    #[test]
    fn three_who_agree_settle_it() {
        let mut world = World::new(Config::lan(), 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        let fold = world.table.fold();
        assert!(!reconciler.is_settled(9));
        for _ in 0..3 {
            assert!(!reconciler.is_settled(9));
            reconciler.on_contact(&mut world.cx(), id(3), fold);
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
        let fold = world.table.fold();
        for _ in 0..3 {
            assert!(!reconciler.is_settled(9));
            world.now = reconciler.next_timeout().unwrap();
            reconciler.on_timeout(&mut world.cx());
            let actions = world.take();
            let [Action::Compare { with }] = actions[..] else { panic!("{actions:?}") };
            reconciler.on_contact(&mut world.cx(), with, fold);
        }
        world.now = reconciler.next_timeout().unwrap();
        reconciler.on_timeout(&mut world.cx());
        assert_eq!((world.take(), reconciler.next_timeout()), (alloc::vec![], None));
        assert!(reconciler.is_settled(9));
    }

    #[test]
    fn a_full_table_compares_nothing() {
        let mut world = World::new(Config { max_members: 10, ..Config::lan() }, 9);
        let mut reconciler = Reconciler::new(&[1; 32]);
        world.wait(10_000);
        for _ in 0..5 {
            reconciler.on_contact(&mut world.cx(), id(3), 1);
        }
        assert_eq!(world.take(), []);
    }
}
