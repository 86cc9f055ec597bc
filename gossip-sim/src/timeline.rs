//! What is still to happen, in the order of virtual time.

use std::collections::VecDeque;

/// Entries in the order of their times; those of one time in the order they were scheduled in.
///
/// A radix heap. Virtual time never goes back, so an entry needs to be sorted only as finely as its
/// distance from the present demands: bucket `b` holds what first differs from the present in bit
/// `b`. Taking the earliest splits the lowest bucket into lower ones; an entry moves at most once
/// per bit and is never compared with another. Two entries of one time are in one bucket at any
/// moment, and every move keeps their order, which makes ties fair without a sequence number.
pub struct Timeline<E> {
    /// The time that the buckets are relative to: of the entry taken last, or earlier than all.
    present: u64,
    /// Entries of exactly the present.
    due: VecDeque<E>,
    buckets: [Vec<(u64, E)>; 64],
    /// Bit `b` is set if bucket `b` holds anything.
    occupied: u64,
}

impl<E> Default for Timeline<E> {
    /// Nothing is to happen.
    fn default() -> Self {
        Self {
            present: 0,
            due: VecDeque::new(),
            buckets: std::array::from_fn(|_| Vec::new()),
            occupied: 0,
        }
    }
}

impl<E> Timeline<E> {
    /// Schedules an entry, not before the last one that was taken.
    pub fn push(&mut self, at: u64, entry: E) {
        debug_assert!(at >= self.present, "virtual time goes back");
        let differing = at ^ self.present;
        if differing == 0 {
            self.due.push_back(entry);
        } else {
            let bucket = differing.ilog2() as usize;
            self.buckets[bucket].push((at, entry));
            self.occupied |= 1 << bucket;
        }
    }

    /// Takes the earliest entry unless it is later than `limit`.
    pub fn pop(&mut self, limit: u64) -> Option<(u64, E)> {
        if self.due.is_empty() {
            self.advance(limit)?;
        }
        if self.present > limit {
            return None;
        }
        self.due.pop_front().map(|entry| (self.present, entry))
    }

    /// Makes the earliest time the present and splits its bucket.
    fn advance(&mut self, limit: u64) -> Option<()> {
        if self.occupied == 0 {
            return None;
        }
        let lowest = self.occupied.trailing_zeros() as usize;
        let earliest = self.buckets[lowest].iter().map(|&(at, _)| at).min()?;
        if earliest > limit {
            return None;
        }
        let mut bucket = std::mem::take(&mut self.buckets[lowest]);
        self.occupied &= !(1 << lowest);
        self.present = earliest;
        for (at, entry) in bucket.drain(..) {
            self.push(at, entry);
        }
        // All of it went to lower buckets, so the memory can go back to its place.
        self.buckets[lowest] = bucket;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn equals_a_stable_sort_whatever_is_pushed_and_popped_when() {
        let mut random = Random::new(1, 0);
        let mut timeline = Timeline::default();
        let mut model: Vec<(u64, u32)> = Vec::new();
        let mut now = 0;
        for number in 0..4_000 {
            let reach = 1 << random.below(24);
            let at = now + random.below(reach);
            timeline.push(at, number);
            model.push((at, number));
            while random.below(100) < 49 {
                let limit = now + random.below(1 << 12);
                let earliest = model.iter().enumerate().min_by_key(|(_, entry)| **entry);
                let expected = earliest.filter(|(_, (at, _))| *at <= limit).map(|(place, _)| place);
                let expected = expected.map(|place| model.swap_remove(place));
                assert_eq!(timeline.pop(limit), expected);
                now = expected.map_or(now, |(at, _)| at);
            }
        }
        model.sort_unstable();
        let rest: Vec<_> = std::iter::from_fn(|| timeline.pop(u64::MAX)).collect();
        assert_eq!(rest, model);
    }
}
