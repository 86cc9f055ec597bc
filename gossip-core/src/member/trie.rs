//! Fingerprints of all records and of every part of them.
//!
//! Records are ordered by the keyed hash of their key. The 32 bits of it are eight hexadecimal
//! digits, and for each prefix of digits there is a sum: of the keyed hashes of all records whose
//! key begins with it. Two tables that differ are compared digit by digit, sixteen sums at a
//! time, and the difference is found in O(d log n) bytes (a Merkle trie, with addition, so that
//! what a record contributes can be taken out again).
//!
//! The sums are a function of the set of records alone. How many levels of them are kept is not:
//! those of short prefixes are, the others are added up when somebody asks, from the handful of
//! records below them.

use alloc::vec;
use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::id::ShortId;

/// How many records lie below a prefix at most, on average, for its sum not to be kept.
const HANDFUL: usize = 32;

/// How many digits a key has.
pub(crate) const DIGITS: u8 = 8;

/// Some digits that keys begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// The digits, followed by zeros.
    first: u32,
    digits: u8,
}

/// Some of them: in one or two parts, as tables that differ in little do, they need no heap.
pub(crate) type Prefixes = SmallVec<[Prefix; 2]>;

impl Prefix {
    /// Of every key.
    pub(crate) const ROOT: Self = Self { first: 0, digits: 0 };

    /// The first `digits` digits of `first`, at most all.
    pub(crate) fn new(first: u32, digits: u8) -> Self {
        let digits = digits.min(DIGITS);
        Self { first: first & !below(digits), digits }
    }

    /// The first and the last key that begin with it.
    pub(crate) fn range(self) -> (ShortId, ShortId) {
        (ShortId(self.first), ShortId(self.first | below(self.digits)))
    }

    pub(crate) fn digits(self) -> u8 {
        self.digits
    }

    /// With one more digit, for each bit that is set.
    pub(crate) fn children(self, digits: u16) -> Prefixes {
        let set = (0..16).filter(|digit| digits >> digit & 1 == 1);
        set.filter_map(|digit| self.child(digit)).collect()
    }

    /// With one more digit; `None` if there is none.
    pub(crate) fn child(self, digit: u8) -> Option<Self> {
        let digits = (self.digits < DIGITS).then_some(self.digits + 1)?;
        let shift = 4 * u32::from(DIGITS - digits);
        Some(Self { first: self.first | (u32::from(digit & 15) << shift), digits })
    }
}

/// The bits of a key behind so many digits.
fn below(digits: u8) -> u32 {
    u32::MAX.checked_shr(4 * u32::from(digits)).unwrap_or(0)
}

/// The order and the sums of records that are kept elsewhere, by number: what it needs to know of
/// one is looked up with a function from its number to its key and its hash.
#[derive(Debug)]
pub(crate) struct Trie {
    /// All numbers, by key.
    order: Vec<u32>,
    total: u64,
    /// The sums of the prefixes of one digit, of two, and so on.
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

    /// The sum of everything.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Takes in record `number`; `look` knows it already.
    pub(crate) fn insert(&mut self, number: u32, look: impl Fn(u32) -> (ShortId, u64)) {
        let (key, hash) = look(number);
        let place = self.order.partition_point(|&other| look(other).0 < key);
        if self.order.len() == self.order.capacity() {
            self.order.reserve_exact((self.order.len() / 8).max(8));
        }
        self.order.insert(place, number);
        self.change(key, 0, hash);
        self.fit(look);
    }

    /// Takes out record `number`; `look` still knows it.
    pub(crate) fn remove(&mut self, number: u32, look: impl Fn(u32) -> (ShortId, u64)) {
        let (key, hash) = look(number);
        let start = self.order.partition_point(|&other| look(other).0 < key);
        let place = self.order[start..].iter().position(|&other| other == number);
        if let Some(place) = place {
            self.order.remove(start + place);
            self.change(key, hash, 0);
            self.fit(look);
        }
    }

    /// Notes that the hash of a record with this key has changed.
    pub(crate) fn change(&mut self, key: ShortId, before: u64, after: u64) {
        let difference = after.wrapping_sub(before);
        self.total = self.total.wrapping_add(difference);
        let mut start = 0;
        for digits in 1..=self.levels {
            let place = start + (key.0 >> (32 - 4 * u32::from(digits))) as usize;
            self.sums[place] = self.sums[place].wrapping_add(difference);
            start += 1 << (4 * digits);
        }
    }

    /// All numbers whose key is at least `first`, by key.
    pub(crate) fn walk(
        &self,
        first: ShortId,
        look: impl Fn(u32) -> (ShortId, u64),
    ) -> impl ExactSizeIterator<Item = u32> {
        let start = self.order.partition_point(|&number| look(number).0 < first);
        self.order[start..].iter().copied()
    }

    /// How many records lie below a prefix.
    pub(crate) fn count(&self, prefix: Prefix, look: impl Fn(u32) -> (ShortId, u64)) -> usize {
        self.below(prefix, look).len()
    }

    /// The sums of the sixteen prefixes that have one digit more.
    pub(crate) fn children(
        &self,
        prefix: Prefix,
        look: impl Fn(u32) -> (ShortId, u64),
    ) -> [u64; 16] {
        let mut sums = [0; 16];
        let digits = prefix.digits + 1;
        if digits <= self.levels {
            let start: usize = (1..digits).map(|digits| 1 << (4 * digits)).sum();
            let place = start + (prefix.first >> (32 - 4 * u32::from(digits))) as usize;
            sums.copy_from_slice(&self.sums[place..place + 16]);
        } else if digits <= DIGITS {
            let shift = 32 - 4 * u32::from(digits);
            for &number in self.below(prefix, &look) {
                let (key, hash) = look(number);
                let sum = &mut sums[(key.0 >> shift) as usize & 15];
                *sum = sum.wrapping_add(hash);
            }
        }
        sums
    }

    fn below(&self, prefix: Prefix, look: impl Fn(u32) -> (ShortId, u64)) -> &[u32] {
        let (first, last) = prefix.range();
        let start = self.order.partition_point(|&number| look(number).0 < first);
        let end = self.order.partition_point(|&number| look(number).0 <= last);
        &self.order[start..end]
    }

    /// Keeps as many levels as there are records for: one more when a handful has become too
    /// many, one less only when that is far away.
    fn fit(&mut self, look: impl Fn(u32) -> (ShortId, u64)) {
        let full = |levels: u8| HANDFUL << (4 * levels);
        let grown = self.order.len() > full(self.levels) && self.levels < DIGITS / 2;
        let shrunk = self.levels > 0 && self.order.len() < full(self.levels - 1) / 2;
        if !grown && !shrunk {
            return;
        }
        self.levels = if grown { self.levels + 1 } else { self.levels - 1 };
        self.sums = vec![0; (1..=self.levels).map(|digits| 1 << (4 * digits)).sum()];
        self.total = 0;
        for place in 0..self.order.len() {
            let (key, hash) = look(self.order[place]);
            self.change(key, 0, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Records by number: key, hash, and whether it is there.
    type Records = Vec<(ShortId, u64, bool)>;

    fn look(records: &Records) -> impl Fn(u32) -> (ShortId, u64) {
        |number| (records[number as usize].0, records[number as usize].1)
    }

    /// Keys that often share digits, many of them all.
    fn records() -> impl Strategy<Value = Records> {
        let key = prop_oneof![0..64u32, any::<u32>(), (0..8u32).prop_map(|top| top << 29)];
        prop::collection::vec((key.prop_map(ShortId), any::<u64>(), Just(false)), 1..1_200)
    }

    fn build(records: &Records, numbers: impl Iterator<Item = u32>) -> Trie {
        let mut trie = Trie::new();
        numbers.for_each(|number| trie.insert(number, look(records)));
        trie
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sums_are_those_of_the_set_whatever_its_history(
            records in records(),
            removed in prop::collection::vec(any::<bool>(), 1_200),
            digits in 0..9u8,
            first in any::<u32>(),
        ) {
            let all = 0..records.len() as u32;
            let mut one = build(&records, all.clone());
            for number in all.clone().filter(|&number| removed[number as usize]) {
                one.remove(number, look(&records));
            }
            let left = all.filter(|&number| !removed[number as usize]);
            let other = build(&records, left.clone().rev());

            let prefixes = [Prefix::ROOT, Prefix::new(first, digits), Prefix::new(first & 63, digits)];
            for prefix in prefixes {
                let (low, high) = prefix.range();
                let mut naive = [0u64; 16];
                let mut count = 0;
                for number in left.clone() {
                    let (key, hash) = look(&records)(number);
                    if (low..=high).contains(&key) {
                        count += 1;
                        if let Some(shift) = 28u32.checked_sub(4 * u32::from(prefix.digits())) {
                            let sum = &mut naive[(key.0 >> shift) as usize & 15];
                            *sum = sum.wrapping_add(hash);
                        }
                    }
                }
                for trie in [&one, &other] {
                    prop_assert_eq!(trie.children(prefix, look(&records)), naive);
                    prop_assert_eq!(trie.count(prefix, look(&records)), count);
                }
            }
            prop_assert_eq!(one.total(), other.total());
            let walked: Vec<_> = one.walk(ShortId(first), look(&records)).collect();
            let keys: Vec<_> = walked.iter().map(|&number| look(&records)(number).0).collect();
            prop_assert!(keys.is_sorted() && keys.iter().all(|key| key.0 >= first));
        }
    }

    #[test]
    fn prefixes() {
        let child = Prefix::ROOT.child(0xa).and_then(|prefix| prefix.child(3)).unwrap();
        assert_eq!(child, Prefix::new(0xa3ff_ffff, 2));
        assert_eq!(child.range(), (ShortId(0xa300_0000), ShortId(0xa3ff_ffff)));
        assert_eq!(Prefix::ROOT.range(), (ShortId(0), ShortId(u32::MAX)));
        assert_eq!(Prefix::new(7, 200).range(), (ShortId(7), ShortId(7)));
        assert_eq!(Prefix::new(7, 8).child(0), None);
    }
}
