//! The search for differing records by itself.

use alloc::vec::Vec;

use super::descent::Difference;
use super::draft::Draft;
use super::message::{DIGESTS, Digests, Message, SYNC, Sync};
use crate::Config;
use crate::id::ShortId;
use crate::member::{Prefix, Prefixes};
use crate::testing::{World, id};
use crate::wire::{Items, Writer, frames, open};

/// Writes a draft in one datagram of `budget` bytes. Returns kinds and bodies, and whether there is
/// a rest.
fn written(world: &mut World, draft: &mut Draft, budget: usize) -> (Vec<(u8, Vec<u8>)>, bool) {
    let mut buf = [0; 60_000];
    let mut writer = Writer::datagram(&mut buf, budget, [0; 4], ShortId(0));
    let more = draft.write(&world.cx(), &mut writer, &mut Vec::new());
    let (len, _) = writer.finish();
    let frames = frames(open(&buf[..len], [0; 4]).unwrap().1);
    (frames.map(|frame| frame.map(|(kind, body)| (kind, body.into())).unwrap()).collect(), more)
}

fn short(world: &World, index: u32) -> ShortId {
    world.table.get(&id(index)).unwrap().short
}

#[test]
fn pages_cover_the_table_once() {
    let mut world = World::new(Config::lan(), 200);
    let mut draft = Draft::Sync { first: ShortId(0) };
    let mut listed = Vec::new();
    let mut next = ShortId(0);
    loop {
        let (messages, more) = written(&mut world, &mut draft, 600);
        let [(SYNC, body)] = &messages[..] else { panic!("{messages:?}") };
        let Ok(Message::Sync(sync)) = Message::read(SYNC, body) else { panic!("{body:?}") };
        assert_eq!(sync.first, next);
        listed.extend(sync.iter().map(|(short, _)| short));
        if !more {
            assert_eq!(sync.last, ShortId(u32::MAX));
            break;
        }
        next = ShortId(sync.last.0 + 1);
    }
    let all: Vec<_> = world.table.range(ShortId(0)).map(|slot| slot.short).collect();
    assert_eq!(listed, all);
}

#[test]
fn descent_lists_few_records_and_digests_many() {
    let mut world = World::new(Config::lan(), 2_000);
    let (messages, more) =
        written(&mut world, &mut Draft::Descend(Prefix::ROOT.children(0b11)), 1_200);
    assert!(!more && messages.iter().all(|(kind, _)| *kind == DIGESTS), "{messages:?}");
    let mut world = World::new(Config::lan(), 20);
    let (messages, _) =
        written(&mut world, &mut Draft::Descend(Prefix::ROOT.children(0b11)), 1_200);
    assert!(messages.iter().all(|(kind, _)| *kind == SYNC), "{messages:?}");
}

#[test]
fn prefixes_without_room_stay_in_the_draft() {
    let mut world = World::new(Config::lan(), 2_000);
    let mut draft = Draft::Descend(Prefix::ROOT.children(u16::MAX));
    let mut count = 0;
    loop {
        let (messages, more) = written(&mut world, &mut draft, 600);
        count += messages.len();
        if !more {
            break;
        }
    }
    assert_eq!(count, 16);
}

#[test]
fn difference_finds_both_sides_of_a_range() {
    let world = World::new(Config::lan(), 9);
    let version = world.table.get(&id(1)).unwrap().version();
    let mut items: Vec<(ShortId, u32)> =
        [(short(&world, 1), version), (short(&world, 2), 7), (ShortId(0), 1)].into();
    items.sort_unstable();
    let items: Vec<u8> = items
        .iter()
        .flat_map(|(short, version)| [short.0.to_le_bytes(), version.to_le_bytes()].concat())
        .collect();
    let sync = Sync { first: ShortId(0), last: ShortId(u32::MAX), items: Items(&items) };
    let mut difference = Difference::default();
    // All but the one that is equal: this node's own record and eight others.
    assert_eq!(difference.on_sync(&world.table, sync, 100), 9);
    assert!(!difference.records.contains(&short(&world, 1)));
    difference.wants.sort_unstable();
    assert_eq!(difference.wants[..], [ShortId(0), short(&world, 2)]);

    let mut bounded = Difference::default();
    assert_eq!(bounded.on_sync(&world.table, sync, 3), 3);
}

#[test]
fn differing_digests_lead_below_their_prefix() {
    let world = World::new(Config::lan(), 500);
    let mut digests = world.table.digests(Prefix::ROOT).map(u32::to_le_bytes);
    digests[3][0] ^= 1;
    digests[9][2] ^= 1;
    let digests = Digests { first: ShortId(0), digits: 0, digests };
    let mut difference = Difference::default();
    assert_eq!(difference.on_digests(&world.table, &digests, 100), (2, 0));
    let expected: Prefixes = Prefix::ROOT.children(1 << 3 | 1 << 9);
    assert_eq!(difference.prefixes, expected);
    assert_eq!(Difference::default().on_digests(&world.table, &digests, 1), (1, 1));
}
