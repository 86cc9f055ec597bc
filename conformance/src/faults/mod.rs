//! Scenarios in which the system refuses its services. Socket errors do not end a driver.
//!
//! A node's driver must run on threads that begin where the node starts, since the refusals apply
//! to one thread and to those that it begins.

#[cfg(target_os = "linux")]
mod refusals;

#[cfg(unix)]
mod connections_wait_while_files_are_exhausted;
#[cfg(target_os = "linux")]
mod refused_datagrams_are_lost;
#[cfg(target_os = "linux")]
mod refused_receive_keeps_node_running;

use crate::Scenario;

/// All scenarios that this system supports, by name.
pub const ALL: &[(&str, Scenario)] = &[
    #[cfg(target_os = "linux")]
    ("refused_receive_keeps_node_running", refused_receive_keeps_node_running::run),
    #[cfg(target_os = "linux")]
    ("refused_datagrams_are_lost", refused_datagrams_are_lost::run),
    #[cfg(unix)]
    ("connections_wait_while_files_are_exhausted", connections_wait_while_files_are_exhausted::run),
];
