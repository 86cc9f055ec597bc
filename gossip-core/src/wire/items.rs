//! Runs of items of equal size.

use serde::{Deserialize, Serialize};

/// A run of items of `N` bytes each. Bytes left over at the end are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Items<'a, const N: usize>(pub(crate) &'a [u8]);

impl<'a, const N: usize> Items<'a, N> {
    pub(crate) fn iter(self) -> impl Iterator<Item = [u8; N]> + 'a {
        self.0.as_chunks::<N>().0.iter().copied()
    }
}
