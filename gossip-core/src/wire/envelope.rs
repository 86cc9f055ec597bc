//! The envelope, and the framing of the messages in it.

use super::{ENVELOPE, VERSION};
use crate::Reject;
use crate::id::ShortId;

/// The framing of the messages is broken.
const FRAMING: Reject = Reject::Malformed { kind: 0xff };

/// Opens an envelope. Returns the sender's short id and the messages.
pub(crate) fn open(bytes: &[u8], tag: [u8; 4]) -> Result<(ShortId, &[u8]), Reject> {
    let (envelope, messages) = bytes.split_at_checked(ENVELOPE).ok_or(Reject::TooShort)?;
    let [head, a, b, c, d, e, f, g, h] = *envelope else { return Err(Reject::TooShort) };
    if head >> 4 != VERSION {
        return Err(Reject::Version(head >> 4));
    }
    if head & 15 != 0 {
        return Err(Reject::Flags(head & 15));
    }
    if [a, b, c, d] != tag {
        return Err(Reject::Cluster);
    }
    Ok((ShortId(u32::from_le_bytes([e, f, g, h])), messages))
}

/// Splits messages into kinds and bodies. The iterator ends after an error.
pub(crate) fn frames(mut rest: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), Reject>> {
    core::iter::from_fn(move || {
        let (&kind, after) = core::mem::take(&mut rest).split_first()?;
        let body = match after {
            [len, after @ ..] if *len < 0x80 => after.split_at_checked(usize::from(*len)),
            _ => postcard::take_from_bytes::<u32>(after)
                .ok()
                .and_then(|(len, after)| after.split_at_checked(len as usize)),
        };
        let Some((body, after)) = body else { return Some(Err(FRAMING)) };
        rest = after;
        Some(Ok((kind, body)))
    })
}
