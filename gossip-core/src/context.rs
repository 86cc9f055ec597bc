//! The state that all machines share, and the view of it that each machine gets.

use alloc::collections::VecDeque;

use crate::detector::rules::Rules;
use crate::member::Table;
use crate::node::action::Action;
use crate::{Config, Instant, Stats};

/// The state that all machines of one node share.
#[derive(Debug)]
pub(crate) struct State<A> {
    pub(crate) now: Instant,
    pub(crate) config: Config,
    pub(crate) rules: Rules,
    pub(crate) table: Table<A>,
    pub(crate) stats: Stats,
    pub(crate) actions: VecDeque<Action>,
}

impl<A> State<A> {
    pub(crate) fn cx(&mut self) -> Context<'_, A> {
        Context {
            now: self.now,
            config: &self.config,
            rules: &self.rules,
            table: &self.table,
            stats: &mut self.stats,
            actions: &mut self.actions,
        }
    }
}

/// A machine's view of the shared state: the table is read-only, and all effects are actions.
pub(crate) struct Context<'a, A> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) rules: &'a Rules,
    pub(crate) table: &'a Table<A>,
    pub(crate) stats: &'a mut Stats,
    actions: &'a mut VecDeque<Action>,
}

impl<A> Context<'_, A> {
    /// Queues an action. The node runs it at the end of the present input.
    pub(crate) fn push(&mut self, action: impl Into<Action>) {
        self.actions.push_back(action.into());
    }
}
