//! The scenarios: one file each, named after the property.

mod one_cluster_of_all_adapters;

pub use one_cluster_of_all_adapters::one_cluster_of_all_adapters;

use crate::Scenario;

/// Declares the module of each scenario, and lists all of them by name.
macro_rules! scenarios {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// All scenarios by name.
        pub const ALL: &[(&str, Scenario)] = &[$((stringify!($name), $name::run)),*];
    };
}

scenarios! {
    address_without_port_is_named_in_error
    cancelled_join_leaves_no_trace
    crash_is_noticed
    damaged_snapshot_is_moved_aside
    dead_seed_does_not_delay_join
    dual_stack_socket_reaches_ipv4
    failing_send_keeps_node_running
    hostile_stream_is_cut_off
    ipv6_cluster_works
    joined_nodes_know_each_other
    large_state_comes_in_pages
    last_handle_dropped_stops_node
    late_joiner_learns_all_members
    late_seed_is_found
    members_follow_address_change
    members_see_leaver_leave
    node_rejoins_through_snapshot
    other_cluster_does_not_answer
    payloads_arrive_both_ways
    refused_request_is_reported
    resolved_name_works_like_address
    restart_begins_new_life
    running_node_writes_snapshot
    shutdown_ends_join
    slow_subscriber_learns_its_lag
    taken_port_is_named_in_error
    unresolved_name_is_reported
    unspecified_address_needs_advertise
}
