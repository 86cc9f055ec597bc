//! The bodies of the fuzz targets: plain functions, run by `cargo fuzz` on bytes of its own and by
//! `cargo test` on a stored corpus.

#![allow(dead_code, reason = "each target uses a part of it")]

pub(crate) mod datagram;
mod driven;
mod life;
mod net;
pub(crate) mod node_ops;
pub(crate) mod reconcile;
mod record;
