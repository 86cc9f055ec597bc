//! Bytes from outside, at any moment of a node's life.
#![no_main]

#[path = "../../gossip-core/tests/fuzz/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bodies::datagram::datagram(bytes);
});
