//! Encoded records with arbitrary contents.

use arbitrary::Arbitrary;
use gossip_core::NodeId;

/// Kinds and numbers of values of the wire format that this module needs.
const RECORD: u8 = 0x20;
const LEFT: u8 = 2;
const PHASES: u8 = 3;
const LEVELS: u8 = 2;

/// The round of a record that is no rumour.
const NOT_A_RUMOR: u8 = u8::MAX;

/// The limit of a number in one byte.
const BYTE: u8 = 0x80;

/// A record of a member.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) member: u8,
    is_rumor: bool,
    age: u8,
    incarnation: [u8; 3],
    phase: u8,
    address: u8,
    meta: u16,
    accusation: Option<Accusation>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Accusation {
    incarnation: [u8; 3],
    level: u8,
    accusers: [Option<u8>; 4],
}

impl Record {
    /// Returns the record of a member that left, without metadata.
    pub(crate) fn departed() -> Self {
        Self {
            member: 0,
            is_rumor: false,
            age: 0,
            incarnation: [0; 3],
            phase: LEFT,
            address: 0,
            meta: 0,
            accusation: None,
        }
    }

    /// Returns the record as a message, with at most `max_meta` bytes of metadata.
    pub(crate) fn encode(&self, id: NodeId, max_meta: usize) -> Vec<u8> {
        let meta = vec![self.address; usize::from(self.meta) % (max_meta + 1)];
        let mut body = vec![if self.is_rumor { 0 } else { NOT_A_RUMOR }];
        body.extend(age(self.age % BYTE));
        body.extend(id.0);
        body.extend(incarnation(self.incarnation));
        body.extend([self.phase % PHASES, 0, 0, self.address % BYTE]);
        body.extend(length(meta.len()));
        body.extend(meta);
        match &self.accusation {
            Some(accusation) => accusation.encode(&mut body),
            None => body.push(0),
        }
        [&[RECORD], &length(body.len())[..], &body].concat()
    }
}

impl Accusation {
    fn encode(&self, body: &mut Vec<u8>) {
        body.push(1);
        body.extend(incarnation(self.incarnation));
        let accusers: Vec<_> = self.accusers.iter().flatten().flat_map(|&id| [id; 4]).collect();
        body.extend([self.level % LEVELS, accusers.len() as u8]);
        body.extend(accusers);
    }
}

/// Encodes epoch, nonce and number.
fn incarnation([epoch, nonce, number]: [u8; 3]) -> [u8; 6] {
    [epoch % BYTE, nonce, 0, 0, 0, number % BYTE]
}

/// Encodes seconds as milliseconds, in three bytes of seven bits.
fn age(seconds: u8) -> [u8; 3] {
    let millis = u32::from(seconds) * 1_000;
    [millis as u8 | BYTE, (millis >> 7) as u8 | BYTE, (millis >> 14) as u8]
}

/// Encodes a number in two bytes of seven bits.
fn length(len: usize) -> [u8; 2] {
    [len as u8 | BYTE, (len >> 7) as u8]
}
