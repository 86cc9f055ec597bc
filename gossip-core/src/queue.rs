//! Queues that are long for a moment.

use alloc::collections::VecDeque;

/// For how many a queue keeps room when it is empty: more than steady state needs.
const KEPT: usize = 64;

/// Takes the first. Once it is empty a queue that was long, as after a join, gives its room back,
/// and any begins anew at its front, which is in the cache.
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
    fn only_a_long_queue_gives_room_back_and_only_when_it_is_empty() {
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
