//! A host is cut off in both directions.

use std::time::Duration;

use crate::world::{World, heal, until_dead, until_whole};

const LONE: usize = 4;

pub(super) fn scenario(world: &mut dyn World) -> Vec<(&'static str, Duration)> {
    let met = until_whole(world);
    world.cut(|from, to| (from == LONE) != (to == LONE));
    let dead = until_dead(world, LONE);
    heal(world);
    let healed = until_whole(world);
    vec![("they meet", met), ("all others see it dead", dead), ("all see all again", healed)]
}
