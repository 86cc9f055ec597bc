//! One host cannot receive from another, and the others relay.

use std::time::Duration;

use crate::world::{World, heal, until_whole, wait};

/// Longer than a verdict takes with the LAN preset.
const BROKEN: Duration = Duration::from_secs(20);

pub(super) fn scenario(world: &mut dyn World) -> Vec<(&'static str, Duration)> {
    let met = until_whole(world);
    world.cut(|from, to| (from, to) == (1, 2));
    wait(world, BROKEN);
    heal(world);
    let healed = until_whole(world);
    assert!(world.verdicts().is_empty(), "{:?}", world.verdicts());
    vec![("they meet", met), ("nobody is suspected", healed)]
}
