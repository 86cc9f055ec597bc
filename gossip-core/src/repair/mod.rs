//! Repair of what rumours missed: comparison of tables, and exchange of the records that differ.

pub(crate) mod action;
mod descent;
pub(crate) mod draft;
pub(crate) mod message;
mod reconcile;
pub(crate) mod stats;
#[cfg(test)]
mod tests;

pub(crate) use descent::{Difference, differing_digits};
pub(crate) use reconcile::Reconciler;
