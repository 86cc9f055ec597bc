//! Arbitrary commands, faults and times on a few nodes.
#![no_main]

#[path = "../../gossip-core/tests/fuzz/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|plan: bodies::node_ops::Plan| {
    bodies::node_ops::node_ops(&plan);
});
