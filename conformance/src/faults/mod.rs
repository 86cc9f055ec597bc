//! Scenarios in which the system refuses its services. Socket errors do not end a driver.
//!
//! A node's driver must run on threads that begin where the node starts, since the refusals apply
//! to one thread and to those that it begins.

#[cfg(target_os = "linux")]
mod refusals;

use crate::Scenario;

/// Declares the module of each scenario, and lists all of them by name.
macro_rules! scenarios {
    ($(#[$system:meta] $name:ident)*) => {
        $(#[$system] mod $name;)*

        /// All scenarios that this system supports, by name.
        pub const ALL: &[(&str, Scenario)] =
            &[$(#[$system] (stringify!($name), $name::run)),*];
    };
}

scenarios! {
    #[cfg(unix)]
    connections_wait_while_files_are_exhausted
    #[cfg(target_os = "linux")]
    refused_datagrams_are_lost
    #[cfg(target_os = "linux")]
    refused_receive_keeps_node_running
}
