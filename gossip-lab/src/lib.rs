//! Scenarios that measure the protocol in a simulated network. The command `gossip-lab` runs them.

pub mod scenario;
mod wire;
