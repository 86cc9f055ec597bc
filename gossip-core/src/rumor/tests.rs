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

/// What it wants when its time has come.
fn next(world: &mut World, rumors: &mut Rumors) -> Vec<Action> {
    world.now = rumors.next_timeout().unwrap();
    rumors.on_timeout(&mut world.cx());
    world.take()
}

/// The payloads, with their ages, in a datagram that is pushed to `to`.
fn fill_from(
    world: &mut World,
    rumors: &Rumors,
    to: u32,
    later: u8,
    first: u8,
) -> (Vec<(NodeId, u8)>, Option<u8>) {
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, [0; 4], ShortId(0));
    let next = rumors.fill(&mut world.cx(), id(to), later, first, &mut writer);
    let (len, _) = writer.finish();
    let record = |message| match message {
        Message::<u32>::Record(record) => (record.id, record.round),
        other => panic!("{other:?}"),
    };
    (messages(open(&buf[..len], [0; 4]).unwrap().1, 0).map(record).collect(), next)
}

/// The same where one datagram holds it all.
fn filled(world: &mut World, rumors: &mut Rumors, to: u32, later: u8) -> Vec<(NodeId, u8)> {
    let (payloads, next) = fill_from(world, rumors, to, later, 0);
    assert_eq!(next, None);
    payloads
}

/// How many names are advertised.
fn names(world: &mut World, rumors: &Rumors) -> usize {
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, [0; 4], ShortId(0));
    rumors.put_names(&world.cx(), &mut writer);
    let (len, _) = writer.finish();
    let count = |message| match message {
        Message::<u32>::Adverts(items) => items.iter().count(),
        other => panic!("{other:?}"),
    };
    messages(open(&buf[..len], [0; 4]).unwrap().1, 0).map(count).sum()
}

#[test]
fn a_rumour_is_pushed_at_all_its_young_ages_at_once_then_advertised_then_over() {
    let mut world = World::new(Config::lan(), 63);
    let mut rumors = rumors();
    rumors.heat(&mut world.cx(), id(9), 1, None);

    // At once, but for a moment in which others may join it. floor(log4 64) + 1 = 4: it came at
    // the age of 1, and is pushed at the ages 1 to 3, to three members each.
    let pushes = next(&mut world, &mut rumors);
    assert_eq!(world.now, Instant::ORIGIN + world.config.coalesce);
    let later = |action: &Action| match action {
        Action::Push { later, .. } => *later,
        other => panic!("{other:?}"),
    };
    assert_eq!(pushes.iter().map(later).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    for later in 0..3 {
        assert_eq!(filled(&mut world, &mut rumors, 1, later), [(id(9), 1 + later)]);
    }
    assert_eq!(names(&mut world, &rumors), 0);

    for members in [6, 6, 3, 3] {
        let adverts = next(&mut world, &mut rumors);
        assert!(adverts.iter().all(|action| matches!(action, Action::Advertise { .. })));
        assert_eq!((adverts.len(), names(&mut world, &rumors)), (members, 1));
        assert_eq!(filled(&mut world, &mut rumors, 1, 0), []);
    }
    assert_eq!(next(&mut world, &mut rumors), []);
    assert!(rumors.is_quiet());
    assert_eq!(rumors.next_timeout(), None);
}

#[test]
fn who_told_us_is_told_nothing() {
    let mut world = World::new(Config::lan(), 2);
    let mut rumors = rumors();
    rumors.heat(&mut world.cx(), id(1), 0, Some(id(2)));
    let pushes = next(&mut world, &mut rumors);
    assert_eq!(pushes, [Action::Push { to: id(1), later: 0 }]);
    assert_eq!(filled(&mut world, &mut rumors, 2, 0), []);
    assert_eq!(filled(&mut world, &mut rumors, 1, 0), [], "nor of itself");
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
fn what_finds_no_room_goes_in_another_datagram() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 1..=MAX_HOT as u32 {
        rumors.heat(&mut world.cx(), id(index), 0, None);
    }
    next(&mut world, &mut rumors);
    let (mut seen, mut first) = (Vec::new(), Some(0));
    let mut datagrams = 0;
    while let Some(place) = first {
        let (payloads, next) = fill_from(&mut world, &rumors, 150, 0, place);
        seen.extend(payloads);
        first = next;
        datagrams += 1;
    }
    assert!(datagrams > 1, "or the test shows nothing");
    assert_eq!(seen, (1..=MAX_HOT as u32).map(|index| (id(index), 0)).collect::<Vec<_>>());
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
