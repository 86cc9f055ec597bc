//! What can befall a network.

mod a_host_cut_off_is_dead_to_all_until_it_heals;
mod a_host_that_nobody_hears_is_dead_to_all_until_it_heals;
mod a_host_whose_link_comes_up_again_is_back;
mod a_link_broken_one_way_kills_nobody;
mod halves_that_heal_are_whole;

use std::time::Duration;

use crate::world::World;

/// Lets something happen to five nodes that are joining, and says how long each stage took.
pub(crate) type Scenario = fn(&mut dyn World) -> Vec<(&'static str, Duration)>;

/// All of them, with their names.
pub(crate) const ALL: &[(&str, Scenario)] = &[
    (
        "a_host_cut_off_is_dead_to_all_until_it_heals",
        a_host_cut_off_is_dead_to_all_until_it_heals::scenario,
    ),
    (
        "a_host_that_nobody_hears_is_dead_to_all_until_it_heals",
        a_host_that_nobody_hears_is_dead_to_all_until_it_heals::scenario,
    ),
    (
        "a_host_whose_link_comes_up_again_is_back",
        a_host_whose_link_comes_up_again_is_back::scenario,
    ),
    ("a_link_broken_one_way_kills_nobody", a_link_broken_one_way_kills_nobody::scenario),
    ("halves_that_heal_are_whole", halves_that_heal_are_whole::scenario),
];
