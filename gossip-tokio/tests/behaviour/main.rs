//! What a node does on real sockets: one scenario a file, over loopback, on ports that the system
//! chooses.

mod cluster;

mod a_cancelled_join_leaves_nothing_behind;
mod a_crash_is_noticed;
mod a_dead_seed_spoils_nothing;
mod a_failing_send_ends_nothing;
mod a_hostile_stream_is_cut_off;
mod a_late_joiner_learns_all;
mod a_leaver_is_seen_to_leave;
mod a_name_that_does_not_resolve_is_an_outcome;
mod a_restart_is_a_new_life;
mod a_runtime_that_ends_ends_all_waiting;
mod a_seed_that_comes_up_later_is_found;
mod a_shutdown_ends_a_join;
mod a_slow_subscriber_is_told_what_it_missed;
mod a_taken_port_is_an_error_that_names_it;
mod an_unspecified_address_needs_an_advertised_one;
mod dropping_the_last_handle_stops;
mod ipv6_is_as_good;
mod nodes_that_join_know_each_other;
mod payloads_arrive_both_ways;
