//! Nodes that know many others: node 0 does.

#[path = "../../gossip-core/tests/common/teach.rs"]
pub(crate) mod teach;

use std::num::NonZeroU32;

use foca::{AccumulatingRuntime, Member, PostcardCodec};
use gossip_core::{Config, Node};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::{Foca, Id};

/// Returns our node after `count` - 1 others joined through it.
#[must_use]
pub fn gossip(count: u32, config: &Config) -> Node {
    let mut node = teach::newcomer(0, config);
    teach::teach(&mut node, count, config);
    node
}

/// Returns a foca node that heard of `count` - 1 others. If they are `news`, it holds an update of
/// each to spread.
///
/// # Panics
///
/// Panics if foca refuses them.
#[must_use]
pub fn foca(count: u32, news: bool, config: foca::Config) -> Foca {
    let mut foca = Foca::new(id(0), config, SmallRng::seed_from_u64(1), PostcardCodec);
    let others = (1..count).map(|index| Member::alive(id(index)));
    foca.apply_many(others, news, AccumulatingRuntime::new()).expect("they are members");
    assert_eq!(foca.num_members() + 1, count as usize);
    foca
}

/// Returns the configuration of a foca node in a local network of `count` nodes.
#[must_use]
pub fn foca_config(count: u32) -> foca::Config {
    foca::Config::new_lan(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
}

/// Returns the identity of a foca node at the address of our node of this index.
pub(crate) fn id(index: u32) -> Id {
    Id { addr: teach::address(index), bump: 1_700_000_000 }
}
