//! A host's interface goes down, so that sending fails at once, and comes up.

use std::time::Duration;

use crate::world::{World, until_dead, until_whole};

const DOWN: usize = 2;

pub(super) fn scenario(world: &mut dyn World) -> Vec<(&'static str, Duration)> {
    let met = until_whole(world);
    world.set_link(DOWN, false);
    let dead = until_dead(world, DOWN);
    world.set_link(DOWN, true);
    let back = until_whole(world);
    vec![("they meet", met), ("all others see it dead", dead), ("all see it back", back)]
}
