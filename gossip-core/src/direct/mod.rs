//! Payloads from one application to another.

pub(crate) mod draft;
pub(crate) mod message;
