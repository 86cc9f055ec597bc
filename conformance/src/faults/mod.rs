//! Scenarios in which the system refuses its services: no error of a socket ends a driver.
//!
//! Nodes must be driven on threads that are begun where they are started: the refusals are those of
//! one thread and all that it begins.

#[cfg(target_os = "linux")]
mod refusals;

#[cfg(target_os = "linux")]
mod a_socket_that_cannot_receive_ends_nothing;
#[cfg(target_os = "linux")]
mod datagrams_that_cannot_be_sent_are_lost;
#[cfg(unix)]
mod who_comes_while_there_are_no_files_waits;

use crate::Scenario;

/// All that can be had on this system, by name.
pub const ALL: &[(&str, Scenario)] = &[
    #[cfg(target_os = "linux")]
    ("a_socket_that_cannot_receive_ends_nothing", a_socket_that_cannot_receive_ends_nothing::run),
    #[cfg(target_os = "linux")]
    ("datagrams_that_cannot_be_sent_are_lost", datagrams_that_cannot_be_sent_are_lost::run),
    #[cfg(unix)]
    ("who_comes_while_there_are_no_files_waits", who_comes_while_there_are_no_files_waits::run),
];
