//! The timeline: entries in the order of virtual time.

use std::collections::VecDeque;

/// Number of bits in a digit of a time, and number of digits.
const BITS: u32 = 6;
const DIGITS: usize = 64_usize.div_ceil(BITS as usize);

/// Entries in the order of their times. Entries of one time keep the order in which they were
/// scheduled.
///
/// A radix heap. Virtual time never goes back, so an entry is sorted only as finely as its distance
/// from the present requires. It is in the bucket of the first digit in which its time differs from
/// the present, and of that digit's value. Taking the earliest splits the lowest bucket into lower
/// ones. An entry moves at most once per digit, and is never compared with those of another bucket.
/// Two entries of one time are always in one bucket, and every move keeps their order. So ties are
/// fair without a sequence number.
pub struct Timeline<E> {
    /// The time to which the buckets are relative: that of the last entry taken, or earlier than
    /// all.
    present: u64,
    /// Entries of exactly the present.
    due: VecDeque<E>,
    /// The buckets by digit, lowest first, and by its value.
    buckets: [[Vec<(u64, E)>; 1 << BITS]; DIGITS],
    /// One bit per value of each digit, set if its bucket holds entries.
    occupied: [u64; DIGITS],
}

impl<E> Default for Timeline<E> {
    /// Creates an empty timeline.
    fn default() -> Self {
        Self {
            present: 0,
            due: VecDeque::new(),
            buckets: std::array::from_fn(|_| std::array::from_fn(|_| Vec::new())),
            occupied: [0; DIGITS],
        }
    }
}

impl<E> Timeline<E> {
    /// Schedules an entry, at the earliest at the time of the last one taken.
    pub fn push(&mut self, at: u64, entry: E) {
        debug_assert!(at >= self.present, "virtual time goes back");
        let differing = at ^ self.present;
        if differing == 0 {
            self.due.push_back(entry);
        } else {
            let digit = differing.ilog2() / BITS;
            let value = (at >> (digit * BITS)) as usize % (1 << BITS);
            self.buckets[digit as usize][value].push((at, entry));
            self.occupied[digit as usize] |= 1 << value;
        }
    }

    /// Takes the earliest entry unless it is later than `limit`.
    pub fn pop(&mut self, limit: u64) -> Option<(u64, E)> {
        if self.due.is_empty() {
            return self.advance(limit);
        }
        if self.present > limit {
            return None;
        }
        self.due.pop_front().map(|entry| (self.present, entry))
    }

    /// Makes the earliest time the present, takes its first entry, and splits its bucket.
    fn advance(&mut self, limit: u64) -> Option<(u64, E)> {
        let digit = self.occupied.iter().position(|values| *values != 0)?;
        let value = self.occupied[digit].trailing_zeros() as usize;
        let bucket = &mut self.buckets[digit][value];
        let earliest = bucket.iter().map(|&(at, _)| at).min()?;
        if earliest > limit {
            return None;
        }
        self.occupied[digit] &= !(1 << value);
        self.present = earliest;
        if bucket.len() == 1 {
            return bucket.pop();
        }
        let mut bucket = std::mem::take(bucket);
        for (at, entry) in bucket.drain(..) {
            self.push(at, entry);
        }
        // All entries went to lower buckets, so the bucket gets its memory back.
        self.buckets[digit][value] = bucket;
        self.due.pop_front().map(|entry| (earliest, entry))
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
