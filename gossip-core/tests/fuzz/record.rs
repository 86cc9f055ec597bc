//! Records as they are on the wire, with whatever in them.

use arbitrary::Arbitrary;
use gossip_core::NodeId;

/// What this needs to know of the wire.
const RECORD: u8 = 0x20;
const LEFT: u8 = 2;
const PHASES: u8 = 3;
const LEVELS: u8 = 2;

/// What its round says if it is no rumour.
const OLD_NEWS: u8 = u8::MAX;

/// So much of a number takes one byte.
const BYTE: u8 = 0x80;

/// What is told of a member.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) whom: u8,
    news: bool,
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
    /// Of somebody who left, and never said much.
    pub(crate) fn gone() -> Self {
        Self {
            whom: 0,
            news: false,
            age: 0,
            incarnation: [0; 3],
            phase: LEFT,
            address: 0,
            meta: 0,
            accusation: None,
        }
    }

    /// As a message, with metadata of at most so many bytes.
    pub(crate) fn encode(&self, id: NodeId, most: usize) -> Vec<u8> {
        let meta = vec![self.address; usize::from(self.meta) % (most + 1)];
        let mut body = vec![if self.news { 0 } else { OLD_NEWS }];
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
        let accusers: Vec<_> = self.accusers.iter().flatten().flat_map(|&who| [who; 4]).collect();
        body.extend([self.level % LEVELS, accusers.len() as u8]);
        body.extend(accusers);
    }
}

/// Epoch, nonce, number.
fn incarnation([epoch, nonce, number]: [u8; 3]) -> [u8; 6] {
    [epoch % BYTE, nonce, 0, 0, 0, number % BYTE]
}

/// Seconds as milliseconds, in three bytes of seven bits.
fn age(seconds: u8) -> [u8; 3] {
    let millis = u32::from(seconds) * 1_000;
    [millis as u8 | BYTE, (millis >> 7) as u8 | BYTE, (millis >> 14) as u8]
}

/// A number in two bytes of seven bits.
fn length(len: usize) -> [u8; 2] {
    [len as u8 | BYTE, (len >> 7) as u8]
}
