//! The rumour mill by itself.

use alloc::vec::Vec;

use super::*;
use crate::Config;
use crate::member::Level;
use crate::testing::{World, id};
use crate::wire::{Message, messages, open};

fn rumors() -> Rumors {
    Rumors::new(&[4; 32])
}

/// To whom it gossips when its time has come.
fn flush(world: &mut World, rumors: &mut Rumors) -> Vec<NodeId> {
    world.now = rumors.next_timeout().unwrap();
    rumors.on_timeout(&mut world.cx());
    let gossip = |action| match action {
        Action::Gossip { to } => to,
        other => panic!("{other:?}"),
    };
    world.take().into_iter().map(gossip).collect()
}

/// The payloads, with their rounds, and the names in a datagram to `to`.
fn filled(world: &mut World, rumors: &mut Rumors, to: u32) -> (Vec<(NodeId, u8)>, usize) {
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, [0; 4], ShortId(0));
    rumors.fill(&mut world.cx(), id(to), &mut writer);
    let (len, _) = writer.finish();
    let (mut payloads, mut names) = (Vec::new(), 0);
    for message in messages::<u32>(open(&buf[..len], [0; 4]).unwrap().1) {
        match message {
            Message::Record(record) => payloads.push((record.id, record.round)),
            Message::Adverts(items) => names += items.iter().count(),
            other => panic!("{other:?}"),
        }
    }
    (payloads, names)
}

#[test]
fn a_rumour_is_pushed_while_young_advertised_when_old_and_then_over() {
    let mut world = World::new(Config::lan(), 63);
    let mut rumors = rumors();
    rumors.heat(&mut world.cx(), id(9), 0, None);

    // At once, but for a moment in which others may join it.
    assert_eq!(flush(&mut world, &mut rumors).len(), 3);
    assert_eq!(world.now, Instant::ORIGIN + world.config.coalesce);
    assert_eq!(filled(&mut world, &mut rumors, 1), (Vec::from([(id(9), 0)]), 0));

    // floor(log4 64) + 1 = 4: pushed at the ages 1 to 3, advertised at the ages 4 to 7.
    for round in 1..4 {
        assert_eq!(flush(&mut world, &mut rumors).len(), 3);
        assert_eq!(filled(&mut world, &mut rumors, 1), (Vec::from([(id(9), round)]), 0));
    }
    for _ in 4..8 {
        assert_eq!(flush(&mut world, &mut rumors).len(), 3);
        assert_eq!(filled(&mut world, &mut rumors, 1), (Vec::new(), 1));
    }
    assert_eq!(flush(&mut world, &mut rumors).len(), 0);
    assert!(rumors.is_quiet());
    assert_eq!(rumors.next_timeout(), None);
}

#[test]
fn who_told_us_is_told_nothing() {
    let mut world = World::new(Config::lan(), 3);
    let mut rumors = rumors();
    rumors.heat(&mut world.cx(), id(1), 0, Some(id(2)));
    let mut targets = flush(&mut world, &mut rumors);
    targets.sort();
    assert_eq!(targets, [id(1), id(3)]);
    assert_eq!(filled(&mut world, &mut rumors, 2), (Vec::new(), 0));
    assert_eq!(filled(&mut world, &mut rumors, 1), (Vec::new(), 0), "nor of itself");
}

#[test]
fn too_many_rumours_are_left_to_repair() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 0..100 {
        rumors.heat(&mut world.cx(), id(index + 1), 0, None);
    }
    assert_eq!(rumors.hot.len(), MAX_HOT);
    assert_eq!(world.stats.rumors_dropped, 100 - MAX_HOT as u64);
}

#[test]
fn what_finds_no_room_is_first_in_the_next_datagram() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 1..=MAX_HOT as u32 {
        rumors.heat(&mut world.cx(), id(index), 0, None);
    }
    let (mut seen, _) = filled(&mut world, &mut rumors, 150);
    assert!(seen.len() < MAX_HOT, "or the test shows nothing");
    seen.extend(filled(&mut world, &mut rumors, 150).0);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), MAX_HOT);
}

#[test]
fn only_what_is_lacking_is_asked_for_and_only_now_and_then() {
    let mut world = World::new(Config::lan(), 9);
    let mut rumors = rumors();
    let same = world.table.advert(world.table.get(&id(1)).unwrap());
    let newer = {
        let mut other = World::new(Config::lan(), 9);
        other.accuse(2, Level::Suspect, 1);
        other.table.advert(other.table.get(&id(2)).unwrap())
    };
    let unknown = Advert { short: ShortId(1), version: 1 };
    let adverts = [same, newer, unknown];
    let wanted = rumors.on_advert(&mut world.cx(), adverts.into_iter());
    assert_eq!(wanted.as_slice(), [newer.short, unknown.short]);
    assert!(rumors.on_advert(&mut world.cx(), adverts.into_iter()).is_empty(), "asked already");
    world.wait(200);
    assert_eq!(rumors.on_advert(&mut world.cx(), adverts.into_iter()).len(), 2, "asked in vain");

    let flood = (0..1_000).map(|short| Advert { short: ShortId(short), version: 0 });
    rumors.on_advert(&mut world.cx(), flood);
    assert_eq!(rumors.asked.len(), MAX_ASKED);
    assert!(world.stats.wants_dropped > 900);
}
