//! Payloads from one application to another.

pub(crate) mod draft;
pub(crate) mod event;
pub(crate) mod message;
pub(crate) mod stats;
