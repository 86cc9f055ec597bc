//! The message of rumours.

use crate::member::Advert;
use crate::wire::{HEADER, Items, Unread, Writer, take};

/// Kinds of the rumours' messages.
pub(crate) const ROOM: u8 = 0x30;
pub(crate) const ADVERTS: u8 = ROOM;

/// A message of rumours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// The names of old rumours.
    Adverts(Items<'a, { Advert::SIZE }>),
}

impl<'a> Message<'a> {
    pub(crate) fn read(kind: u8, body: &'a [u8]) -> Result<Self, Unread> {
        match kind {
            ADVERTS => take(body).map(Self::Adverts),
            _ => Err(Unread::Unknown),
        }
    }
}

/// Appends as many adverts, given as bytes, as fit.
pub(crate) fn write_names(writer: &mut Writer<'_>, names: &[u8]) {
    let room = writer.room().saturating_sub(HEADER + 2) / Advert::SIZE * Advert::SIZE;
    let fitting = &names[..names.len().min(room)];
    if !fitting.is_empty() {
        writer.put(ADVERTS, &fitting);
    }
}
