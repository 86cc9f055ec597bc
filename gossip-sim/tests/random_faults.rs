//! Whatever happens to a cluster, in whatever order: no law is broken on the way, and when it
//! ends all agree again.

#[test]
fn no_law_is_broken_and_all_agree_in_the_end() {
    (0..40).for_each(gossip_sim::random_faults);
}
