//! A world for one machine: a table of peers, and what the machine wants done.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::time::Duration;

use crate::context::State;
use crate::detector::rules::Rules;
use crate::hash::Key;
use crate::id::ShortId;
use crate::member::{Accusation, Claim, Level, Member, Meta, Phase, Table, VERSIONS};
use crate::node::action::Action;
use crate::{Config, Epoch, Incarnation, Instant, NodeId, Stats, detector, repair, rumor};

pub(crate) struct World(State<u32>);

impl Deref for World {
    type Target = State<u32>;

    fn deref(&self) -> &State<u32> {
        &self.0
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut State<u32> {
        &mut self.0
    }
}

pub(crate) fn id(index: u32) -> NodeId {
    NodeId::from_u128(u128::from(index))
}

pub(crate) fn claim(index: u32, number: u32) -> Claim<u32, Meta> {
    let incarnation = Incarnation { epoch: Epoch::new(1).unwrap(), nonce: 0, number };
    Claim { incarnation, phase: Phase::Up, versions: VERSIONS, address: index, meta: Meta::new() }
}

impl World {
    /// We are node 0, and know nodes 1 to `peers`.
    pub(crate) fn new(config: Config, peers: u32) -> Self {
        let own = Member { id: id(0), claim: claim(0, 0), accusation: None };
        let mut world = Self(State {
            now: Instant::ORIGIN,
            table: Table::new(own, &config, Key::of_cluster("test"), Key::new(1, 2)),
            rules: Rules::of(&config.detector),
            config,
            stats: Stats::default(),
            actions: VecDeque::new(),
        });
        for index in 1..=peers {
            world.learn(index, 0);
        }
        world
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
    }

    pub(crate) fn learn(&mut self, index: u32, number: u32) {
        let now = self.now;
        self.table.merge(now, id(index), &claim(index, number), None, Duration::ZERO);
    }

    pub(crate) fn accuse(&mut self, index: u32, level: Level, accuser: u32) {
        let incarnation = self.table.get(&id(index)).unwrap().member.incarnation();
        let accusation = Accusation::new(incarnation, level, ShortId(accuser));
        let now = self.now;
        self.table.accuse(now, &id(index), &accusation);
    }

    /// Takes the actions of the detector under test, in order.
    pub(crate) fn detector_actions(&mut self) -> Vec<detector::action::Action> {
        self.take(|action| match action {
            Action::Detector(action) => Ok(action),
            other => Err(other),
        })
    }

    /// Takes the actions of the rumour mill under test, in order.
    pub(crate) fn rumor_actions(&mut self) -> Vec<rumor::action::Action> {
        self.take(|action| match action {
            Action::Rumor(action) => Ok(action),
            other => Err(other),
        })
    }

    /// Takes the actions of repair under test, in order.
    pub(crate) fn repair_actions(&mut self) -> Vec<repair::action::Action> {
        self.take(|action| match action {
            Action::Repair(action) => Ok(action),
            other => Err(other),
        })
    }

    fn take<T>(&mut self, only: impl Fn(Action) -> Result<T, Action>) -> Vec<T> {
        self.actions.drain(..).map(|action| only(action).expect("one machine is tested")).collect()
    }
}
