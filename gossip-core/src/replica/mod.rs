//! Repair of what rumours missed.

mod reconcile;

pub(crate) use reconcile::Reconciler;
