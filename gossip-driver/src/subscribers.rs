//! The queues of all subscribers.

use std::collections::{BTreeMap, VecDeque};

use crate::{Event, Member};

/// An update of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// All known members, this node and departed ones included. The following events are changes to
    /// it. It comes first, and again after each lag.
    Snapshot(Vec<Member>),
    /// The next event.
    Event(Event),
    /// The subscriber was too slow and lost the next events. A new snapshot follows.
    Lagged {
        /// Number of events lost.
        lost: u64,
    },
}

/// A queue of updates. A full queue drops new updates and counts them. The subscriber learns the
/// count after the updates that were kept.
#[derive(Debug)]
struct Queue {
    updates: VecDeque<Update>,
    capacity: usize,
    lost: u64,
}

/// The queues of all subscribers, by key.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    queues: BTreeMap<u64, Queue>,
    next: u64,
}

impl Subscribers {
    pub(crate) fn subscribe(&mut self, capacity: usize, members: Vec<Member>) -> u64 {
        let key = self.next;
        self.next += 1;
        let updates = VecDeque::from([Update::Snapshot(members)]);
        self.queues.insert(key, Queue { updates, capacity, lost: 0 });
        key
    }

    pub(crate) fn unsubscribe(&mut self, key: u64) {
        self.queues.remove(&key);
    }

    pub(crate) fn publish(&mut self, event: &Event) {
        for queue in self.queues.values_mut() {
            if queue.lost == 0 && queue.updates.len() < queue.capacity {
                queue.updates.push_back(Update::Event(event.clone()));
            } else {
                queue.lost += 1;
            }
        }
    }

    /// Counts events that the core itself dropped.
    pub(crate) fn lost(&mut self, lost: u64) {
        for queue in self.queues.values_mut() {
            queue.lost += lost;
        }
    }

    /// Takes the next update of a subscriber. `members` returns the present ones, for a subscriber
    /// that lagged.
    pub(crate) fn pop(
        &mut self,
        key: u64,
        members: impl FnOnce() -> Vec<Member>,
    ) -> Option<Update> {
        let queue = self.queues.get_mut(&key)?;
        if queue.updates.is_empty() && queue.lost > 0 {
            queue.updates.push_back(Update::Snapshot(members()));
            return Some(Update::Lagged { lost: std::mem::take(&mut queue.lost) });
        }
        queue.updates.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use gossip_core::NodeId;

    use super::*;
    use crate::MemberEvent;

    fn forgotten(id: u128) -> Event {
        Event::Member(MemberEvent::Forgotten { id: NodeId::from_u128(id) })
    }

    fn drained(subscribers: &mut Subscribers, key: u64) -> Vec<Update> {
        std::iter::from_fn(|| subscribers.pop(key, Vec::new)).collect()
    }

    #[test]
    fn subscription_begins_with_snapshot() {
        let mut subscribers = Subscribers::default();
        subscribers.publish(&forgotten(1));
        let key = subscribers.subscribe(8, Vec::new());
        subscribers.publish(&forgotten(2));
        assert_eq!(
            drained(&mut subscribers, key),
            [Update::Snapshot(Vec::new()), Update::Event(forgotten(2))]
        );
    }

    #[test]
    fn lagging_subscriber_gets_new_snapshot() {
        let mut subscribers = Subscribers::default();
        let (slow, quick) =
            (subscribers.subscribe(2, Vec::new()), subscribers.subscribe(8, Vec::new()));
        for id in 0..4 {
            subscribers.publish(&forgotten(id));
        }
        assert_eq!(
            drained(&mut subscribers, slow),
            [
                Update::Snapshot(Vec::new()),
                Update::Event(forgotten(0)),
                Update::Lagged { lost: 3 },
                Update::Snapshot(Vec::new()),
            ]
        );
        assert_eq!(drained(&mut subscribers, quick).len(), 5, "each has a queue of its own");
        subscribers.publish(&forgotten(4));
        assert_eq!(drained(&mut subscribers, slow), [Update::Event(forgotten(4))]);
    }

    #[test]
    fn loss_in_core_counts_as_lag() {
        let mut subscribers = Subscribers::default();
        let key = subscribers.subscribe(8, Vec::new());
        subscribers.lost(7);
        assert_eq!(
            drained(&mut subscribers, key),
            [
                Update::Snapshot(Vec::new()),
                Update::Lagged { lost: 7 },
                Update::Snapshot(Vec::new()),
            ]
        );
    }
}
