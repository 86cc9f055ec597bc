//! What is known of the members: the lattice of records and the table that holds them.

mod record;
mod table;

pub(crate) use record::{Accusation, Accusers, Claim, Level, Meta, Phase, VERSIONS};
pub use record::{Member, Status};
pub(crate) use table::{Change, Merge, Slot, Table, fits};
