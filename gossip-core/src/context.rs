//! The part of the node that each machine sees.

use alloc::collections::VecDeque;

use crate::member::Table;
use crate::node::action::Action;
use crate::{Config, Instant, Stats};

/// The node as a machine sees it, and the queue of what the machine wants done.
pub(crate) struct Context<'a, A> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) table: &'a Table<A>,
    pub(crate) stats: &'a mut Stats,
    pub(crate) actions: &'a mut VecDeque<Action>,
}

impl<A> Context<'_, A> {
    /// Queues an action for the node to run at the end of the present input.
    pub(crate) fn push(&mut self, action: impl Into<Action>) {
        self.actions.push_back(action.into());
    }
}
