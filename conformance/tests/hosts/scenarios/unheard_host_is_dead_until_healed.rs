//! A host hears all others, and its packets reach none of them.

use std::time::Duration;

use crate::world::{World, heal, until_dead, until_whole};

const MUTE: usize = 3;

pub(super) fn scenario(world: &mut dyn World) -> Vec<(&'static str, Duration)> {
    let met = until_whole(world);
    world.cut(|from, _| from == MUTE);
    let dead = until_dead(world, MUTE);
    heal(world);
    let healed = until_whole(world);
    vec![("they meet", met), ("all others see it dead", dead), ("all see all again", healed)]
}
