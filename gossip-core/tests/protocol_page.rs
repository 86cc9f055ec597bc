//! The examples and the table of kinds in `docs/protocol.md` agree with the vectors.

use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../docs/protocol.md");

/// Bytes of an envelope.
const ENVELOPE: usize = 9;

macro_rules! vectors {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("vectors/", $name, ".hex")))),*]
    };
}

/// Vectors by name. All except the hashes are datagrams.
fn vectors() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from(vectors![
        "ack",
        "adverts",
        "digests",
        "hashes",
        "indirect_ack",
        "join",
        "nack",
        "padding",
        "payload",
        "ping",
        "ping_request",
        "record_ipv4",
        "record_ipv6_with_everything",
        "roots",
        "standing",
        "sync",
        "sync_end",
        "want",
        "welcome",
    ])
}

/// Returns the example blocks of the page: the vector that each names, and its text.
fn examples() -> Vec<(&'static str, &'static str)> {
    let blocks = PAGE.split("\n```hex ").skip(1);
    let block = |block: &'static str| {
        let (file, rest) = block.split_once('\n').expect("a block names its vector");
        let (text, _) = rest.split_once("\n```\n").expect("a block ends");
        (file.strip_suffix(".hex").expect("a vector is a .hex file"), text)
    };
    blocks.map(block).collect()
}

/// Returns the rows of the table of kinds: kind, message and body length.
fn kinds() -> Vec<(u8, &'static str, Option<usize>)> {
    let (_, table) = PAGE.split_once("\n| kind | module | message | body |").expect("a table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &'static str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let kind = cells[1];
        let kind = match kind.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16),
            None => kind.parse(),
        };
        (kind.expect("a kind is a byte"), cells[3], cells[4].parse().ok())
    };
    rows.map(row).collect()
}

/// Returns the kinds and body lengths of the messages in a vector.
fn messages(vector: &str) -> Vec<(u8, usize)> {
    let bytes = vector.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    let bytes: Vec<_> = bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let mut rest = &bytes[ENVELOPE..];
    let mut messages = Vec::new();
    while let [kind, len, after @ ..] = rest {
        assert!(*len < 0x80, "the bodies of the vectors have lengths of one byte");
        messages.push((*kind, usize::from(*len)));
        rest = &after[usize::from(*len)..];
    }
    messages
}

#[test]
fn examples_equal_their_vectors() {
    let (examples, vectors) = (examples(), vectors());
    assert!(examples.len() >= 3, "the page has examples");
    for (name, text) in examples {
        assert_eq!(text, vectors[name].trim_end(), "example of {name}.hex");
    }
}

#[test]
fn table_of_kinds_matches_vectors() {
    let (kinds, vectors) = (kinds(), vectors());
    assert_eq!(kinds.len(), 17);
    for (kind, message, len) in kinds {
        let name = message.replace(' ', "_");
        let name = if name == "record" { "record_ipv4" } else { &name };
        let found = messages(vectors[name]);
        let found = found.iter().find(|(other, _)| *other == kind);
        let (_, actual) = found.unwrap_or_else(|| panic!("kind {kind} is not in {name}.hex"));
        assert!(message == "padding" || len.is_none_or(|len| len == *actual), "body of {message}");
    }
}
