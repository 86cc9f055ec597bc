//! Queues that are long only for a short time.

use alloc::collections::VecDeque;

/// Capacity that an empty queue keeps, more than steady state needs.
const KEPT: usize = 64;

/// Takes the first item. An empty queue that was long, as after a join, frees its memory. Any empty
/// queue begins again at its front, which is in the cache.
pub(crate) fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let first = queue.pop_front()?;
    if queue.is_empty() {
        queue.clear();
        if queue.capacity() > 2 * KEPT {
            queue.shrink_to(KEPT);
        }
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_long_queue_frees_memory() {
        let room = |len: usize, taken: usize| {
            let mut queue: VecDeque<usize> = (0..len).collect();
            (0..taken)
                .for_each(|place| assert_eq!(pop(&mut queue), (place < len).then_some(place)));
            queue.capacity()
        };
        assert!(room(1_000, 999) >= 1_000);
        assert!((KEPT..=2 * KEPT).contains(&room(1_000, 1_000)));
        assert!(room(2 * KEPT, 2 * KEPT) >= 2 * KEPT, "or steady state allocates");
    }
}
