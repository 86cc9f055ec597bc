//! The part of the wire (`docs/protocol.md`) that measurements need.

use std::iter;

/// Bytes of an envelope.
pub(crate) const ENVELOPE: usize = 9;

/// The kinds of messages that measurements distinguish.
pub(crate) mod kind {
    pub(crate) const PING: u8 = 0x10;
    pub(crate) const ACK: u8 = 0x11;
    pub(crate) const RECORD: u8 = 0x20;
    pub(crate) const ADVERTS: u8 = 0x30;
    pub(crate) const WANT: u8 = 0x21;
    pub(crate) const ROOTS: u8 = 0x42;
}

/// Round of a record that is not a rumour.
pub(crate) const OLD_NEWS: u8 = u8::MAX;

/// A message in a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u8,
    pub(crate) body: &'a [u8],
    /// Bytes of the message, with kind and length.
    pub(crate) bytes: usize,
}

/// Iterates over the messages of a well-formed datagram.
pub(crate) fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram.get(ENVELOPE..).unwrap_or_default();
    iter::from_fn(move || {
        let before = rest.len();
        let (&kind, after) = rest.split_first()?;
        let (len, after) = varint(after)?;
        let (body, after) = after.split_at_checked(len as usize)?;
        rest = after;
        Some(Message { kind, body, bytes: before - after.len() })
    })
}

/// Returns the short id of the sender of a datagram.
pub(crate) fn sender(datagram: &[u8]) -> &[u8] {
    &datagram[5..ENVELOPE]
}

/// Iterates over the short ids in adverts.
pub(crate) fn names(body: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    items::<6>(body).map(|[a, b, c, d, ..]| [a, b, c, d])
}

/// Iterates over the short ids in a want.
pub(crate) fn wanted(body: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    items::<4>(body)
}

fn items<const SIZE: usize>(body: &[u8]) -> impl Iterator<Item = [u8; SIZE]> {
    let items = varint(body).map_or(&[][..], |(_, items)| items);
    items.as_chunks::<SIZE>().0.iter().copied()
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let len = 1 + bytes.iter().take(9).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at(len);
    Some((number.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f)), rest))
}

fn put_varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Appends the record of a member that has just left, not as a rumour: in its first life, after
/// this many changes, without metadata.
pub(crate) fn put_departed(id: u128, address: u32, changes: u32, datagram: &mut Vec<u8>) {
    const LEFT: u8 = 2;
    let mut body = vec![OLD_NEWS, 0];
    body.extend(id.to_be_bytes());
    body.push(1); // epoch
    body.extend([1, 0, 0, 0]); // nonce
    put_varint(changes.into(), &mut body);
    body.extend([LEFT, 0, 0]); // minor versions 0 to 0
    put_varint(address.into(), &mut body);
    body.extend([0, 0]); // no metadata, no accusation
    datagram.extend([kind::RECORD, body.len() as u8]);
    datagram.extend(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut datagram = vec![0; ENVELOPE];
        put_departed(7, 300, 200, &mut datagram);
        let end = datagram.len();
        datagram.extend([kind::ADVERTS, 13, 12]);
        datagram.extend([0; 12]);
        datagram.extend([kind::WANT, 5, 4, 1, 2, 3, 4]);
        let read: Vec<_> = messages(&datagram).collect();
        assert_eq!(read.len(), 3);
        assert_eq!((read[0].kind, read[0].bytes), (kind::RECORD, end - ENVELOPE));
        assert_eq!((read[1].kind, names(read[1].body).count()), (kind::ADVERTS, 2));
        assert_eq!(wanted(read[2].body).collect::<Vec<_>>(), [[1, 2, 3, 4]]);
        assert_eq!(varint(&[0xac, 2, 9]), Some((300, &[9][..])));
    }
}
