//! The bodies of the fuzz targets: plain functions that `cargo fuzz` runs on its own inputs, and
//! `cargo test` on a stored corpus.

#![allow(dead_code, reason = "each target uses a part of it")]

pub(crate) mod datagram;
mod driven;
mod life;
mod net;
pub(crate) mod node_ops;
pub(crate) mod reconcile;
mod record;
