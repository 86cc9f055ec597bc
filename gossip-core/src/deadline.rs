//! Keyed deadlines.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;
use core::hash::Hash;
use core::time::Duration;

use hashbrown::HashMap;

use crate::Instant;
use crate::hash::Key;

/// A map of values with keys and deadlines. Its operations take O(log n) and do not allocate in
/// steady state.
///
/// It is a heap with lazy deletion: an entry of the heap is stale if the map has another deadline.
/// The top is never stale, so [`next`](Self::next) only looks. The heap is rebuilt when more than
/// half of it is stale, so the map bounds it.
#[derive(Debug)]
pub(crate) struct Deadlines<K, V = ()> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
    values: HashMap<K, (Instant, V), Key>,
}

impl<K: Copy + Ord + Hash, V> Deadlines<K, V> {
    /// Creates an empty map. `secret` prevents chosen collisions of keys.
    pub(crate) fn new(secret: Key) -> Self {
        Self { heap: BinaryHeap::new(), values: HashMap::with_hasher(secret) }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values.get_mut(key).map(|(_, value)| value)
    }

    /// Iterates over all values in unspecified order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.values().map(|(_, value)| value)
    }

    /// Sets or replaces a value and its deadline.
    pub(crate) fn set(&mut self, key: K, at: Instant, value: V) {
        let before = self.values.insert(key, (at, value));
        if before.is_none_or(|(before, _)| before != at) {
            self.heap.push(Reverse((at, key)));
        }
        self.tidy();
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (_, value) = self.values.remove(key)?;
        self.tidy();
        Some(value)
    }

    /// Takes the value with the earliest deadline, if it has passed at `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(K, V)> {
        let &Reverse((at, key)) = self.heap.peek()?;
        if at > now {
            return None;
        }
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// Returns the earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Extends all deadlines by `pause`. `also` extends those inside a value.
    pub(crate) fn postpone(&mut self, pause: Duration, also: impl Fn(&mut V)) {
        for (at, value) in self.values.values_mut() {
            *at = *at + pause;
            also(value);
        }
        self.rebuild();
    }

    fn tidy(&mut self) {
        if self.heap.len() == self.values.len() {
            return;
        }
        while self.heap.peek().is_some_and(|Reverse(entry)| self.is_stale(entry)) {
            self.heap.pop();
        }
        if self.heap.len() > 2 * self.values.len() + 32 {
            self.rebuild();
        }
    }

    fn is_stale(&self, (at, key): &(Instant, K)) -> bool {
        self.values.get(key).is_none_or(|(current, _)| current != at)
    }

    fn rebuild(&mut self) {
        self.heap.clear();
        self.heap.extend(self.values.iter().map(|(key, (at, _))| Reverse((*at, *key))));
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn deadlines_match_a_sorted_map(ops in prop::collection::vec((0..4u8, 0..8u32, 0..50u64), 0..200)) {
            let mut ours = Deadlines::new(Key::new(1, 2));
            let mut model = BTreeMap::<u32, u64>::new();
            for (op, key, at) in ops {
                match op {
                    0 | 1 => {
                        ours.set(key, Instant::from_micros(at), at);
                        model.insert(key, at);
                    }
                    2 => prop_assert_eq!(ours.remove(&key), model.remove(&key)),
                    _ => {
                        let due = |(key, at): (&u32, &u64)| (*at, *key);
                        let expected = model.iter().map(due).min().filter(|(due, _)| *due <= at);
                        let popped = ours.pop(Instant::from_micros(at));
                        prop_assert_eq!(popped.map(|(key, value)| (value, key)), expected);
                        expected.map(|(_, key)| model.remove(&key));
                    }
                }
                let next = model.values().min().map(|&at| Instant::from_micros(at));
                prop_assert_eq!(ours.next(), next);
                prop_assert_eq!(ours.len(), model.len());
            }
        }
    }

    #[test]
    fn map_bounds_its_heap() {
        let mut deadlines = Deadlines::new(Key::new(1, 2));
        deadlines.set(0, Instant::ORIGIN, ());
        for at in 1..10_000 {
            deadlines.set(1, Instant::from_micros(at), ());
        }
        assert!(deadlines.heap.len() < 100);
        deadlines.postpone(Duration::from_micros(5), |()| ());
        let due: Vec<_> = core::iter::from_fn(|| deadlines.pop(Instant::from_micros(5))).collect();
        assert_eq!(due, [(0, ())]);
        assert_eq!(deadlines.next(), Some(Instant::from_micros(10_004)));
    }
}
