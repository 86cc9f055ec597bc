//! Random faults in any order break no law, and at their end all nodes agree again.

#[test]
fn no_law_is_broken_and_all_agree_in_the_end() {
    (0..40).for_each(gossip_sim::random_faults);
}
