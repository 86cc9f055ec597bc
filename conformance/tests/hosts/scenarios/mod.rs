//! The faults of a network.

use std::time::Duration;

use crate::world::World;

/// A scenario: a fault of five joining nodes' network. Returns the time of each stage.
pub(crate) type Scenario = fn(&mut dyn World) -> Vec<(&'static str, Duration)>;

/// Declares the module of each scenario, and lists all of them by name.
macro_rules! scenarios {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// All scenarios by name.
        pub(crate) const ALL: &[(&str, Scenario)] =
            &[$((stringify!($name), $name::scenario)),*];
    };
}

scenarios! {
    cut_off_host_is_dead_until_healed
    healed_halves_are_whole
    host_returns_with_its_link
    one_way_break_kills_no_host
    unheard_host_is_dead_until_healed
}
