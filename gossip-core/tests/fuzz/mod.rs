//! The bodies of the fuzz targets: plain functions, run by `cargo fuzz` on bytes of its own and by
//! `cargo test` on a stored corpus.

mod datagram;
mod driven;
mod net;
mod node_ops;

pub(crate) use datagram::{datagram, seeds};
pub(crate) use node_ops::{Plan, node_ops};
