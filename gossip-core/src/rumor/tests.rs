//! The rumour mill by itself.

use alloc::vec::Vec;

use super::*;
use crate::Config;
use crate::id::ShortId;
use crate::member::Level;
use crate::member::message::{RECORD, Record};
use crate::testing::{World, id};
use crate::wire::{frames, open};

fn rumors() -> Rumors {
    Rumors::new(&[4; 32])
}

/// What it wants when its time has come.
fn next(world: &mut World, rumors: &mut Rumors) -> Vec<Action> {
    world.now = rumors.next_timeout().unwrap();
    rumors.on_timeout(&mut world.cx());
    world.rumor_actions()
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
    let next = rumors.write_pushes(&mut world.cx(), id(to), later, first, &mut writer);
    let (len, _) = writer.finish();
    let record = |(kind, body): (u8, &[u8])| {
        assert_eq!(kind, RECORD);
        let record = Record::<u32, _>::read(body).unwrap();
        (record.id, record.round)
    };
    let frames = frames(open(&buf[..len], [0; 4]).unwrap().1);
    (frames.map(|frame| record(frame.unwrap())).collect(), next)
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
    rumors.write_adverts(&world.cx(), &mut writer);
    let (len, _) = writer.finish();
    let count = |(kind, body): (u8, &[u8])| match message::Message::read(kind, body) {
        Ok(message::Message::Adverts(items)) => items.iter().count(),
        Err(error) => panic!("{error:?}"),
    };
    frames(open(&buf[..len], [0; 4]).unwrap().1).map(|frame| count(frame.unwrap())).sum()
}

#[test]
fn a_rumour_is_pushed_at_all_its_young_ages_at_once_then_advertised_then_over() {
    let mut world = World::new(Config::lan(), 63);
    let mut rumors = rumors();
    rumors.spread(&mut world.cx(), id(9), 1, None);

    // At once, but for a moment in which others may join it. floor(log4 64) + 1 = 4: it came at
    // the age of 1, and is pushed at the ages 1 to 3, to three members each.
    let pushes = next(&mut world, &mut rumors);
    assert_eq!(world.now, Instant::ORIGIN + world.config.rumors.coalesce_delay);
    let later = |action: &Action| match action {
        Action::Push { hops, .. } => *hops,
        other => panic!("{other:?}"),
    };
    assert_eq!(pushes.iter().map(later).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    for later in 0..3 {
        assert_eq!(filled(&mut world, &mut rumors, 1, later), [(id(9), 1 + later)]);
    }
    assert_eq!(names(&mut world, &rumors), 0);

    for members in [6, 6, 3] {
        let adverts = next(&mut world, &mut rumors);
        assert!(adverts.iter().all(|action| matches!(action, Action::Advertise { .. })));
        assert_eq!((adverts.len(), names(&mut world, &rumors)), (members, 1));
        assert_eq!(filled(&mut world, &mut rumors, 1, 0), []);
    }
    assert_eq!(next(&mut world, &mut rumors), []);
    assert!(rumors.is_idle());
    assert_eq!(rumors.next_timeout(), None);
}

#[test]
fn who_told_us_is_told_nothing() {
    let mut world = World::new(Config::lan(), 2);
    let mut rumors = rumors();
    rumors.spread(&mut world.cx(), id(1), 0, Some(id(2)));
    let pushes = next(&mut world, &mut rumors);
    assert_eq!(pushes, [Action::Push { to: id(1), hops: 0 }]);
    assert_eq!(filled(&mut world, &mut rumors, 2, 0), []);
    assert_eq!(filled(&mut world, &mut rumors, 1, 0), [], "nor of itself");
}

#[test]
fn too_many_rumours_are_left_to_repair() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 0..100 {
        rumors.spread(&mut world.cx(), id(index + 1), 0, None);
    }
    assert_eq!(rumors.hot.len(), MAX_HOT);
    assert_eq!(world.stats.rumors.dropped, 100 - MAX_HOT as u64);
}

#[test]
fn what_finds_no_room_goes_in_another_datagram() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 1..=MAX_HOT as u32 {
        rumors.spread(&mut world.cx(), id(index), 0, None);
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
fn what_is_asked_for_is_advertised_anew_but_not_for_ever() {
    let mut world = World::new(Config::lan(), 63);
    let mut rumors = rumors();
    rumors.spread(&mut world.cx(), id(9), 4, None);
    let mut members = |asked: bool| {
        let told = if asked { rumors.age_for_reply(63, &id(9)) } else { None };
        (next(&mut world, &mut rumors).len(), told)
    };
    assert_eq!([members(false), members(false), members(false)], [(6, None), (6, None), (3, None)]);
    // It is told as one round younger, for whoever learns it makes it one older.
    assert_eq!([members(true), members(false)], [(6, Some(6)), (6, None)]);
    let asked: Vec<_> = (0..20).map(|_| members(true)).take_while(|(to, _)| *to > 0).collect();
    assert_eq!(asked, (8..19).map(|age| (6, Some(age))).collect::<Vec<_>>());
    assert!(rumors.is_idle());
    assert_eq!(rumors.age_for_reply(63, &id(9)), None);
}

#[test]
fn only_what_is_lacking_is_asked_for_and_only_now_and_then() {
    let mut world = World::new(Config::lan(), 9);
    let mut rumors = rumors();
    let same = world.table.advert_of(world.table.get(&id(1)).unwrap().short).unwrap();
    let newer = newer(2);
    let unknown = Advert { short: ShortId(1), version: 1 };
    let adverts = [same, newer, unknown];
    let wanted = rumors.on_advert(&mut world.cx(), None, adverts.into_iter());
    assert_eq!(wanted.as_slice(), [newer.short, unknown.short]);
    assert!(
        rumors.on_advert(&mut world.cx(), None, adverts.into_iter()).is_empty(),
        "asked already"
    );
    assert_eq!(next(&mut world, &mut rumors), [], "whom else?");
    let wanted = rumors.on_advert(&mut world.cx(), None, adverts.into_iter());
    assert_eq!(wanted.len(), 2, "asked in vain");

    let flood = (0..1_000).map(|short| Advert { short: ShortId(short), version: 0 });
    rumors.on_advert(&mut world.cx(), Some(id(3)), flood);
    assert_eq!(rumors.asked.len(), MAX_ASKED);
    assert!(world.stats.rumors.wants_dropped > 900);
}

/// A suspicion that is news.
fn newer(index: u32) -> Advert {
    let mut other = World::new(Config::lan(), 9);
    other.accuse(index, Level::Suspect, 1);
    other.table.advert_of(other.table.get(&id(index)).unwrap().short).unwrap()
}

#[test]
fn who_advertised_as_well_is_asked_if_no_answer_comes() {
    let mut world = World::new(Config::lan(), 9);
    let mut rumors = rumors();
    let (first, second) = (newer(2), newer(3));
    let mut told = |world: &mut World, from: u32, adverts: &[Advert]| {
        rumors.on_advert(&mut world.cx(), Some(id(from)), adverts.iter().copied()).to_vec()
    };
    assert_eq!(told(&mut world, 4, &[first]), [first.short]);
    assert_eq!(told(&mut world, 5, &[first, second]), [second.short], "one answer a datagram");
    // Each datagram makes its sender one to ask for one thing, where there are fewest to ask.
    for from in [6, 6, 7, 8] {
        assert_eq!(told(&mut world, from, &[first, second]), []);
    }
    let ask = |of: u32, advert: Advert| Action::Want { from: id(of), short: advert.short };
    assert_eq!(next(&mut world, &mut rumors), [ask(7, first), ask(8, second)]);
    assert_eq!(world.now, Instant::ORIGIN + world.config.rumors.interval / 4);
    // The second has come meanwhile.
    world.accuse(3, Level::Suspect, 1);
    assert_eq!(next(&mut world, &mut rumors), [ask(6, first)]);
    assert_eq!(next(&mut world, &mut rumors), []);
    assert_eq!(rumors.next_timeout(), None);
}
