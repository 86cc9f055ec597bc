//! One file for each scenario, named after what is to be so.

macro_rules! table {
    ($($name:ident)*) => { &[$((stringify!($name), $name::run)),*] };
}

mod a_cancelled_join_leaves_nothing_behind;
mod a_change_of_address_is_followed;
mod a_crash_is_noticed;
mod a_damaged_snapshot_is_moved_aside;
mod a_dead_seed_spoils_nothing;
mod a_dual_stack_socket_reaches_ipv4;
mod a_failing_send_ends_nothing;
mod a_hostile_stream_is_cut_off;
mod a_large_state_comes_in_pages;
mod a_late_joiner_learns_all;
mod a_leaver_is_seen_to_leave;
mod a_name_that_does_not_resolve_is_an_outcome;
mod a_name_that_resolves_is_as_good_as_an_address;
mod a_node_rejoins_through_its_snapshot;
mod a_request_that_is_refused_is_told;
mod a_restart_is_a_new_life;
mod a_seed_that_comes_up_later_is_found;
mod a_shutdown_ends_a_join;
mod a_slow_subscriber_is_told_what_it_missed;
mod a_snapshot_is_written_while_the_node_runs;
mod a_taken_port_is_an_error_that_names_it;
mod an_address_without_port_is_an_error_that_names_it;
mod an_unspecified_address_needs_an_advertised_one;
mod dropping_the_last_handle_stops;
mod ipv6_is_as_good;
mod nodes_of_another_cluster_do_not_answer;
mod nodes_that_join_know_each_other;
mod one_cluster_of_all_adapters;
mod payloads_arrive_both_ways;

pub use one_cluster_of_all_adapters::one_cluster_of_all_adapters;

use crate::Scenario;

/// What is to be so with every adapter, by name.
pub const ALL: &[(&str, Scenario)] = table! {
    a_cancelled_join_leaves_nothing_behind
    a_change_of_address_is_followed
    a_crash_is_noticed
    a_damaged_snapshot_is_moved_aside
    a_dead_seed_spoils_nothing
    a_dual_stack_socket_reaches_ipv4
    a_failing_send_ends_nothing
    a_hostile_stream_is_cut_off
    a_large_state_comes_in_pages
    a_late_joiner_learns_all
    a_leaver_is_seen_to_leave
    a_name_that_does_not_resolve_is_an_outcome
    a_name_that_resolves_is_as_good_as_an_address
    a_node_rejoins_through_its_snapshot
    a_request_that_is_refused_is_told
    a_restart_is_a_new_life
    a_seed_that_comes_up_later_is_found
    a_shutdown_ends_a_join
    a_slow_subscriber_is_told_what_it_missed
    a_snapshot_is_written_while_the_node_runs
    a_taken_port_is_an_error_that_names_it
    an_address_without_port_is_an_error_that_names_it
    an_unspecified_address_needs_an_advertised_one
    dropping_the_last_handle_stops
    ipv6_is_as_good
    nodes_of_another_cluster_do_not_answer
    nodes_that_join_know_each_other
    payloads_arrive_both_ways
};
