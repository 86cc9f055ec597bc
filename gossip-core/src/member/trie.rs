//! Fingerprints of all records and of parts of them.
//!
//! The trie orders records by key. The 32 bits of a key are eight hexadecimal digits. Each prefix
//! of digits has a sum: that of the keyed hashes of all records below the prefix. Two nodes
//! compare their tables digit by digit, sixteen sums at a time, and find *d* differences among *n*
//! records in O(d log n) bytes. This is a Merkle trie with addition, so that the trie can subtract
//! the share of a record again.
//!
//! The sums depend on the set of records only. The number of stored levels also depends on the
//! history. The trie stores the sums of short prefixes. It adds up the others on demand, from the
//! few records below them.

use alloc::vec;
use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::id::ShortId;

/// Maximum average number of records below a prefix without a stored sum.
const MAX_UNSUMMED: usize = 32;

/// Number of digits of a key.
pub(crate) const DIGITS: u8 = 8;

/// The first digits of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// The digits, followed by zeros.
    first: u32,
    digits: u8,
}

/// A list of prefixes. Tables that differ little differ in one or two parts, which need no heap.
pub(crate) type Prefixes = SmallVec<[Prefix; 2]>;

impl Prefix {
    /// The prefix of every key.
    pub(crate) const ROOT: Self = Self { first: 0, digits: 0 };

    /// Returns the first `digits` digits of `first`, at most all of them.
    pub(crate) fn new(first: u32, digits: u8) -> Self {
        let digits = digits.min(DIGITS);
        Self { first: first & !below(digits), digits }
    }

    /// Returns the first and the last key with this prefix.
    pub(crate) fn range(self) -> (ShortId, ShortId) {
        (ShortId(self.first), ShortId(self.first | below(self.digits)))
    }

    pub(crate) fn digits(self) -> u8 {
        self.digits
    }

    /// Returns the prefixes that are one digit longer, one for each bit that is set in `digits`.
    pub(crate) fn children(self, digits: u16) -> Prefixes {
        let set = (0..16).filter(|digit| digits >> digit & 1 == 1);
        set.filter_map(|digit| self.child(digit)).collect()
    }

    /// Returns the prefix extended by one digit, or `None` if it is a whole key.
    pub(crate) fn child(self, digit: u8) -> Option<Self> {
        let digits = (self.digits < DIGITS).then_some(self.digits + 1)?;
        let shift = 4 * u32::from(DIGITS - digits);
        Some(Self { first: self.first | (u32::from(digit & 15) << shift), digits })
    }
}

/// Returns the bits of a key after its first `digits` digits.
fn below(digits: u8) -> u32 {
    u32::MAX.checked_shr(4 * u32::from(digits)).unwrap_or(0)
}

/// The order and the sums of records that the caller stores by number. The caller passes a `lookup`
/// from the number of a record to its key and hash.
#[derive(Debug)]
pub(crate) struct Trie {
    /// All numbers, in the order of keys.
    order: Vec<u32>,
    total: u64,
    /// The sums of all prefixes of one digit, then of two digits, and so on.
    sums: Vec<u64>,
    levels: u8,
}

impl Trie {
    pub(crate) fn new() -> Self {
        Self { order: Vec::new(), total: 0, sums: Vec::new(), levels: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns the sum of all hashes.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Inserts record `number`. `lookup` must already find it.
    pub(crate) fn insert(&mut self, number: u32, lookup: impl Fn(u32) -> (ShortId, u64)) {
        let (key, hash) = lookup(number);
        let index = self.order.partition_point(|&other| lookup(other).0 < key);
        if self.order.len() == self.order.capacity() {
            self.order.reserve_exact((self.order.len() / 8).max(8));
        }
        self.order.insert(index, number);
        self.change(key, 0, hash);
        self.adapt_levels(lookup);
    }

    /// Removes record `number`. `lookup` must still find it.
    pub(crate) fn remove(&mut self, number: u32, lookup: impl Fn(u32) -> (ShortId, u64)) {
        let (key, hash) = lookup(number);
        let start = self.order.partition_point(|&other| lookup(other).0 < key);
        let offset = self.order[start..].iter().position(|&other| other == number);
        if let Some(offset) = offset {
            self.order.remove(start + offset);
            self.change(key, hash, 0);
            self.adapt_levels(lookup);
        }
    }

    /// Updates the sums after a change of the hash of a record with this key.
    pub(crate) fn change(&mut self, key: ShortId, before: u64, after: u64) {
        let difference = after.wrapping_sub(before);
        self.total = self.total.wrapping_add(difference);
        let mut start = 0;
        for digits in 1..=self.levels {
            let index = start + (key.0 >> (32 - 4 * u32::from(digits))) as usize;
            self.sums[index] = self.sums[index].wrapping_add(difference);
            start += 1 << (4 * digits);
        }
    }

    /// Returns the numbers of all records from key `first` on, in the order of keys.
    pub(crate) fn walk(
        &self,
        first: ShortId,
        lookup: impl Fn(u32) -> (ShortId, u64),
    ) -> impl ExactSizeIterator<Item = u32> {
        let start = self.order.partition_point(|&number| lookup(number).0 < first);
        self.order[start..].iter().copied()
    }

    /// Returns the number of records below a prefix.
    pub(crate) fn count(&self, prefix: Prefix, lookup: impl Fn(u32) -> (ShortId, u64)) -> usize {
        self.below(prefix, lookup).len()
    }

    /// Returns the sums of the sixteen prefixes that are one digit longer.
    pub(crate) fn children(
        &self,
        prefix: Prefix,
        lookup: impl Fn(u32) -> (ShortId, u64),
    ) -> [u64; 16] {
        let mut sums = [0; 16];
        let digits = prefix.digits + 1;
        if digits <= self.levels {
            let start: usize = (1..digits).map(|digits| 1 << (4 * digits)).sum();
            let index = start + (prefix.first >> (32 - 4 * u32::from(digits))) as usize;
            sums.copy_from_slice(&self.sums[index..index + 16]);
        } else if digits <= DIGITS {
            let shift = 32 - 4 * u32::from(digits);
            for &number in self.below(prefix, &lookup) {
                let (key, hash) = lookup(number);
                let sum = &mut sums[(key.0 >> shift) as usize & 15];
                *sum = sum.wrapping_add(hash);
            }
        }
        sums
    }

    fn below(&self, prefix: Prefix, lookup: impl Fn(u32) -> (ShortId, u64)) -> &[u32] {
        let (first, last) = prefix.range();
        let start = self.order.partition_point(|&number| lookup(number).0 < first);
        let end = self.order.partition_point(|&number| lookup(number).0 <= last);
        &self.order[start..end]
    }

    /// Adapts the number of stored levels to the number of records. It removes a level only well
    /// below the size at which it adds one.
    fn adapt_levels(&mut self, lookup: impl Fn(u32) -> (ShortId, u64)) {
        let full = |levels: u8| MAX_UNSUMMED << (4 * levels);
        let grown = self.order.len() > full(self.levels) && self.levels < DIGITS / 2;
        let shrunk = self.levels > 0 && self.order.len() < full(self.levels - 1) / 2;
        if !grown && !shrunk {
            return;
        }
        self.levels = if grown { self.levels + 1 } else { self.levels - 1 };
        self.sums = vec![0; (1..=self.levels).map(|digits| 1 << (4 * digits)).sum()];
        self.total = 0;
        for index in 0..self.order.len() {
            let (key, hash) = lookup(self.order[index]);
            self.change(key, 0, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Records by number: key, hash, and whether the record is present.
    type Records = Vec<(ShortId, u64, bool)>;

    fn lookup(records: &Records) -> impl Fn(u32) -> (ShortId, u64) {
        |number| (records[number as usize].0, records[number as usize].1)
    }

    /// Generates records. Many keys share digits, and some are equal.
    fn records() -> impl Strategy<Value = Records> {
        let key = prop_oneof![0..64u32, any::<u32>(), (0..8u32).prop_map(|top| top << 29)];
        prop::collection::vec((key.prop_map(ShortId), any::<u64>(), Just(false)), 1..1_200)
    }

    fn build(records: &Records, numbers: impl Iterator<Item = u32>) -> Trie {
        let mut trie = Trie::new();
        numbers.for_each(|number| trie.insert(number, lookup(records)));
        trie
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sums_ignore_history(
            records in records(),
            removed in prop::collection::vec(any::<bool>(), 1_200),
            digits in 0..9u8,
            first in any::<u32>(),
        ) {
            let all = 0..records.len() as u32;
            let mut one = build(&records, all.clone());
            for number in all.clone().filter(|&number| removed[number as usize]) {
                one.remove(number, lookup(&records));
            }
            let left = all.filter(|&number| !removed[number as usize]);
            let other = build(&records, left.clone().rev());

            let prefixes = [Prefix::ROOT, Prefix::new(first, digits), Prefix::new(first & 63, digits)];
            for prefix in prefixes {
                let (low, high) = prefix.range();
                let mut naive = [0u64; 16];
                let mut count = 0;
                for number in left.clone() {
                    let (key, hash) = lookup(&records)(number);
                    if (low..=high).contains(&key) {
                        count += 1;
                        if let Some(shift) = 28u32.checked_sub(4 * u32::from(prefix.digits())) {
                            let sum = &mut naive[(key.0 >> shift) as usize & 15];
                            *sum = sum.wrapping_add(hash);
                        }
                    }
                }
                for trie in [&one, &other] {
                    prop_assert_eq!(trie.children(prefix, lookup(&records)), naive);
                    prop_assert_eq!(trie.count(prefix, lookup(&records)), count);
                }
            }
            prop_assert_eq!(one.total(), other.total());
            let walked: Vec<_> = one.walk(ShortId(first), lookup(&records)).collect();
            let keys: Vec<_> = walked.iter().map(|&number| lookup(&records)(number).0).collect();
            prop_assert!(keys.is_sorted() && keys.iter().all(|key| key.0 >= first));
        }
    }

    #[test]
    fn prefix_covers_range_of_keys() {
        let child = Prefix::ROOT.child(0xa).and_then(|prefix| prefix.child(3)).unwrap();
        assert_eq!(child, Prefix::new(0xa3ff_ffff, 2));
        assert_eq!(child.range(), (ShortId(0xa300_0000), ShortId(0xa3ff_ffff)));
        assert_eq!(Prefix::ROOT.range(), (ShortId(0), ShortId(u32::MAX)));
        assert_eq!(Prefix::new(7, 200).range(), (ShortId(7), ShortId(7)));
        assert_eq!(Prefix::new(7, 8).child(0), None);
    }
}
