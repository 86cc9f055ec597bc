//! Repair of what rumours missed.

pub(crate) mod action;
mod reconcile;

pub(crate) use reconcile::Reconciler;
