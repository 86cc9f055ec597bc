//! Two nodes with different tables, over a network that loses, repeats and reorders.
#![no_main]

#[path = "../../gossip-core/tests/fuzz/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|plan: bodies::reconcile::Plan| {
    bodies::reconcile::reconcile(&plan);
});
