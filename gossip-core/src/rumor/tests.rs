//! Tests of the rumour mill alone.

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

/// Advances to the next timeout and returns the actions.
fn next(world: &mut World, rumors: &mut Rumors) -> Vec<Action> {
    world.now = rumors.next_timeout().unwrap();
    rumors.on_timeout(&mut world.cx());
    world.rumor_actions()
}

/// Returns the records in a datagram of pushes to `to` with their ages, and the index for the next.
fn pushed_from(
    world: &mut World,
    rumors: &Rumors,
    to: u32,
    hops: u8,
    first: u8,
) -> (Vec<(NodeId, u8)>, Option<u8>) {
    let mut buf = [0; 1_200];
    let mut writer = Writer::datagram(&mut buf, 1_200, [0; 4], ShortId(0));
    let next = rumors.write_pushes(&mut world.cx(), id(to), hops, first, &mut writer);
    let (len, _) = writer.finish();
    let record = |(kind, body): (u8, &[u8])| {
        assert_eq!(kind, RECORD);
        let record = Record::<u32, _>::read(body).unwrap();
        (record.id, record.round)
    };
    let frames = frames(open(&buf[..len], [0; 4]).unwrap().1);
    (frames.map(|frame| record(frame.unwrap())).collect(), next)
}

/// Returns the records pushed to `to` with their ages. They must fit into one datagram.
fn pushed(world: &mut World, rumors: &mut Rumors, to: u32, hops: u8) -> Vec<(NodeId, u8)> {
    let (records, next) = pushed_from(world, rumors, to, hops, 0);
    assert_eq!(next, None);
    records
}

/// Returns the number of advertised records.
fn adverts(world: &mut World, rumors: &Rumors) -> usize {
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
fn rumour_is_pushed_then_advertised_then_dropped() {
    let mut world = World::new(Config::lan(), 63);
    let mut rumors = rumors();
    rumors.spread(&mut world.cx(), id(9), 1, None);

    // floor(log4 64) + 1 = 4. The rumour arrived at age 1, so the node pushes it at the ages 1 to
    // 3, to three members each. It does so after a short delay, in which other rumours may join.
    let pushes = next(&mut world, &mut rumors);
    assert_eq!(world.now, Instant::ORIGIN + world.config.rumors.coalesce_delay);
    let hops = |action: &Action| match action {
        Action::Push { hops, .. } => *hops,
        other => panic!("{other:?}"),
    };
    assert_eq!(pushes.iter().map(hops).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    for hops in 0..3 {
        assert_eq!(pushed(&mut world, &mut rumors, 1, hops), [(id(9), 1 + hops)]);
    }
    assert_eq!(adverts(&mut world, &rumors), 0);

    for members in [6, 6, 3] {
        let actions = next(&mut world, &mut rumors);
        assert!(actions.iter().all(|action| matches!(action, Action::Advertise { .. })));
        assert_eq!((actions.len(), adverts(&mut world, &rumors)), (members, 1));
        assert_eq!(pushed(&mut world, &mut rumors, 1, 0), []);
    }
    assert_eq!(next(&mut world, &mut rumors), []);
    assert!(rumors.is_idle());
    assert_eq!(rumors.next_timeout(), None);
}

#[test]
fn sender_and_subject_receive_no_push() {
    let mut world = World::new(Config::lan(), 2);
    let mut rumors = rumors();
    rumors.spread(&mut world.cx(), id(1), 0, Some(id(2)));
    let pushes = next(&mut world, &mut rumors);
    assert_eq!(pushes, [Action::Push { to: id(1), hops: 0 }]);
    assert_eq!(pushed(&mut world, &mut rumors, 2, 0), []);
    assert_eq!(pushed(&mut world, &mut rumors, 1, 0), [], "the subject of the record");
}

#[test]
fn rumours_beyond_the_limit_are_dropped() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 0..100 {
        rumors.spread(&mut world.cx(), id(index + 1), 0, None);
    }
    assert_eq!(rumors.hot.len(), MAX_HOT);
    assert_eq!(world.stats.rumors.dropped, 100 - MAX_HOT as u64);
}

#[test]
fn pushes_continue_in_next_datagram() {
    let mut world = World::new(Config::lan(), 200);
    let mut rumors = rumors();
    for index in 1..=MAX_HOT as u32 {
        rumors.spread(&mut world.cx(), id(index), 0, None);
    }
    next(&mut world, &mut rumors);
    let (mut seen, mut first) = (Vec::new(), Some(0));
    let mut datagrams = 0;
    while let Some(index) = first {
        let (records, next) = pushed_from(&mut world, &rumors, 150, 0, index);
        seen.extend(records);
        first = next;
        datagrams += 1;
    }
    assert!(datagrams > 1, "the rumours need several datagrams");
    assert_eq!(seen, (1..=MAX_HOT as u32).map(|index| (id(index), 0)).collect::<Vec<_>>());
}

#[test]
fn requests_prolong_advertising_up_to_a_limit() {
    let mut world = World::new(Config::lan(), 63);
    let mut rumors = rumors();
    rumors.spread(&mut world.cx(), id(9), 4, None);
    let mut members = |requested: bool| {
        let age = if requested { rumors.age_for_reply(63, &id(9)) } else { None };
        (next(&mut world, &mut rumors).len(), age)
    };
    assert_eq!([members(false), members(false), members(false)], [(6, None), (6, None), (3, None)]);
    // The node sends the age minus one, because the receiver adds one.
    assert_eq!([members(true), members(false)], [(6, Some(6)), (6, None)]);
    let requested: Vec<_> = (0..20).map(|_| members(true)).take_while(|(to, _)| *to > 0).collect();
    assert_eq!(requested, (8..19).map(|age| (6, Some(age))).collect::<Vec<_>>());
    assert!(rumors.is_idle());
    assert_eq!(rumors.age_for_reply(63, &id(9)), None);
}

#[test]
fn missing_records_are_requested_at_intervals() {
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
        "already requested"
    );
    assert_eq!(next(&mut world, &mut rumors), [], "no other member to ask");
    let wanted = rumors.on_advert(&mut world.cx(), None, adverts.into_iter());
    assert_eq!(wanted.len(), 2, "the requests were lost");

    let flood = (0..1_000).map(|short| Advert { short: ShortId(short), version: 0 });
    rumors.on_advert(&mut world.cx(), Some(id(3)), flood);
    assert_eq!(rumors.requests.len(), MAX_REQUESTS);
    assert!(world.stats.rumors.wants_dropped > 900);
}

/// Returns the advert of a suspicion that the world under test does not know.
fn newer(index: u32) -> Advert {
    let mut other = World::new(Config::lan(), 9);
    other.accuse(index, Level::Suspect, 1);
    other.table.advert_of(other.table.get(&id(index)).unwrap().short).unwrap()
}

#[test]
fn retries_go_to_other_advertisers() {
    let mut world = World::new(Config::lan(), 9);
    let mut rumors = rumors();
    let (first, second) = (newer(2), newer(3));
    let mut receive = |world: &mut World, from: u32, adverts: &[Advert]| {
        rumors.on_advert(&mut world.cx(), Some(id(from)), adverts.iter().copied()).to_vec()
    };
    assert_eq!(receive(&mut world, 4, &[first]), [first.short]);
    assert_eq!(
        receive(&mut world, 5, &[first, second]),
        [second.short],
        "only the record that is not requested yet"
    );
    // Each datagram adds its sender to the request that has the fewest others.
    for from in [6, 6, 7, 8] {
        assert_eq!(receive(&mut world, from, &[first, second]), []);
    }
    let want = |from: u32, advert: Advert| Action::Want { from: id(from), short: advert.short };
    assert_eq!(next(&mut world, &mut rumors), [want(7, first), want(8, second)]);
    assert_eq!(world.now, Instant::ORIGIN + world.config.rumors.interval / 4);
    // The second record arrives.
    world.accuse(3, Level::Suspect, 1);
    assert_eq!(next(&mut world, &mut rumors), [want(6, first)]);
    assert_eq!(next(&mut world, &mut rumors), []);
    assert_eq!(rumors.next_timeout(), None);
}
