//! The faults of a network.

mod cut_off_host_is_dead_until_healed;
mod healed_halves_are_whole;
mod host_returns_with_its_link;
mod one_way_break_kills_no_host;
mod unheard_host_is_dead_until_healed;

use std::time::Duration;

use crate::world::World;

/// A scenario: a fault of five joining nodes' network. Returns the time of each stage.
pub(crate) type Scenario = fn(&mut dyn World) -> Vec<(&'static str, Duration)>;

/// All scenarios by name.
pub(crate) const ALL: &[(&str, Scenario)] = &[
    ("cut_off_host_is_dead_until_healed", cut_off_host_is_dead_until_healed::scenario),
    ("unheard_host_is_dead_until_healed", unheard_host_is_dead_until_healed::scenario),
    ("host_returns_with_its_link", host_returns_with_its_link::scenario),
    ("one_way_break_kills_no_host", one_way_break_kills_no_host::scenario),
    ("healed_halves_are_whole", healed_halves_are_whole::scenario),
];
