//! Two hosts on one side, three on the other.

use std::time::Duration;

use gossip_core::Status;

use crate::world::{World, heal, until, until_whole};

const fn are_apart(one: usize, other: usize) -> bool {
    (one < 2) != (other < 2)
}

pub(super) fn scenario(world: &mut dyn World) -> Vec<(&'static str, Duration)> {
    let met = until_whole(world);
    world.cut(are_apart);
    let apart = until(world, &|observer, subject| {
        Some(if are_apart(observer, subject) { Status::Dead } else { Status::Up })
    });
    let verdicts = world.verdicts();
    assert!(verdicts.iter().all(|&(one, other)| are_apart(one, other)), "{verdicts:?}");
    heal(world);
    let healed = until_whole(world);
    vec![("they meet", met), ("each half is alone", apart), ("all see all again", healed)]
}
