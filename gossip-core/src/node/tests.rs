//! The facade, and strangers.

use alloc::vec;
use alloc::vec::Vec;

use core::time::Duration;

use super::*;
use crate::detector::message::{PING, Ping};
use crate::direct::message::{PAYLOAD, Payload};
use crate::id::ShortId;
use crate::join::message::{JOIN, Join};
use crate::member::message::RECORD;
use crate::member::{Accusation, Level};
use crate::repair::draft::Draft as RepairDraft;
use crate::repair::message::{DIGESTS, Digests, SYNC, Sync};
use crate::rumor::draft::Draft as RumorDraft;
use crate::testing::{claim, id};
use crate::wire::{ENVELOPE, Items, Writer};
use crate::{CommandError, JoinError, JoinEvent, LocalEvent, MessageEvent, Reject, Status};

const BUDGET: usize = 1_200;

fn node(index: u32, config: Config) -> Node<u32> {
    let local = Local::new(id(index), Epoch::new(1).unwrap(), index).cluster("test");
    Node::new(Instant::ORIGIN, local, config, [index as u8; 32]).unwrap()
}

fn datagrams_only() -> Config {
    Config::lan().with(|config| config.requests.enabled = false)
}

fn at(millis: u64) -> Instant {
    Instant::from_micros(1_000 * millis)
}

/// Returns a datagram with an envelope that names node `sender`.
fn forge(node: &Node<u32>, sender: u32, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buf = [0; 65_000];
    let short = Key::of_cluster("test").short(&id(sender));
    let mut writer = Writer::datagram(&mut buf, 65_000, node.tag, short);
    write(&mut writer);
    let (len, _) = writer.finish();
    buf[..len].to_vec()
}

fn put_record(writer: &mut Writer<'_>, index: u32, accusation: Option<&Accusation>) {
    writer.put(RECORD, &(255u8, 0u32, id(index), claim(index, 0), accusation));
}

/// Returns node 0 after it heard of `count` members.
fn taught(count: u32, config: Config) -> Node<u32> {
    let mut node = node(0, config);
    for index in 1..=count {
        let mut datagram = forge(&node, index, |writer| put_record(writer, index, None));
        node.handle_datagram(at(1), &index, &mut datagram).unwrap();
    }
    drain(&mut node, at(1));
    node
}

/// Drains all datagrams. Returns destinations and lengths.
fn drain(node: &mut Node<u32>, now: Instant) -> Vec<(u32, usize)> {
    let mut buf = [0; 65_000];
    let mut sent = Vec::new();
    while let Some(transmit) = node.poll_transmit(now, &mut buf) {
        sent.push((transmit.to, transmit.bytes.len()));
    }
    sent
}

fn events(node: &mut Node<u32>) -> Vec<Event<u32>> {
    core::iter::from_fn(|| node.poll_event()).collect()
}

fn bytes_to(sent: &[(u32, usize)], address: u32) -> usize {
    sent.iter().filter(|(to, _)| *to == address).map(|(_, bytes)| bytes).sum()
}

#[test]
fn blocked_node_pauses_probes_until_it_sends() {
    let mut node = taught(50, datagrams_only());
    let mut now = at(1);
    while now < at(60_000) {
        now = node.poll_timeout().unwrap_or(at(60_000));
        node.handle_timeout(now);
        assert!(node.poll_timeout().is_none_or(|due| due > now));
    }
    assert!(node.outbox.len() < 40, "{}", node.outbox.len());
    assert!(!drain(&mut node, now).is_empty());
    // No probe failed in between, and now they go on.
    node.handle_timeout(now);
    drain(&mut node, now);
    assert_eq!(node.stats().detector.probes_failed, 0);
    let probes = node.stats().detector.probes;
    now = now + node.config().detector.probe_interval * 2;
    node.handle_timeout(now);
    assert!(node.stats().detector.probes > probes);
}

#[test]
fn fifth_accuser_spreads_no_rumour() {
    let mut node = taught(30, datagrams_only());
    let mut hot = |accuser| {
        node.rumors = Rumors::new(&[0; 32]);
        let accusation = Accusation::new(claim(9, 0).incarnation, Level::Suspect, ShortId(accuser));
        let record = (0u8, 0u32, id(9), claim(9, 0), Some(&accusation));
        let mut datagram = forge(&node, 1, |writer| _ = writer.put(RECORD, &record));
        node.handle_datagram(at(2), &1, &mut datagram).unwrap();
        (!node.rumors.is_idle(), node.member(&id(9)).unwrap().accusers())
    };
    let told = [50, 40, 30, 20, 10].map(&mut hot);
    assert_eq!(told, [(true, 1), (true, 2), (true, 3), (true, 4), (false, 4)]);
}

#[test]
fn stranger_gets_at_most_triple_its_bytes() {
    let mut node = taught(300, datagrams_only());
    let whole = Sync { first: ShortId(0), last: ShortId(u32::MAX), items: Items(&[]) };
    let floods: [&dyn Fn(&mut Writer<'_>) -> bool; 3] = [
        &|writer| writer.put(SYNC, &whole),
        &|writer| writer.put(JOIN, &Join { nonce: 7 }),
        &|writer| {
            writer.put(PING, &Ping { nonce: 7, target_tag: 7, digest: 7, ring: Ping::NO_RING })
        },
    ];
    for flood in floods {
        let mut datagram = forge(&node, 5_000, |writer| {
            put_record(writer, 5_000, None);
            (0..90).for_each(|_| assert!(flood(writer)));
        });
        let len = datagram.len();
        node.handle_datagram(at(2), &777, &mut datagram).unwrap();
        let answered = bytes_to(&drain(&mut node, at(2)), 777);
        assert!(answered <= 3 * len, "{answered} bytes for {len}");
    }
}

#[test]
fn datagram_causes_bounded_work() {
    let mut node = taught(3_000, datagrams_only());
    let mut datagram = forge(&node, 5_000, |writer| {
        let whole = Sync { first: ShortId(0), last: ShortId(u32::MAX), items: Items(&[]) };
        while writer.put(SYNC, &whole) {}
    });
    node.handle_datagram(at(2), &777, &mut datagram).unwrap();
    let records: usize = node.outbox.iter().map(|out| counted(&out.draft).1).sum();
    assert!(records <= 4_096, "{records} records wait");
}

#[test]
fn differences_of_one_datagram_are_answered_together() {
    let mut node = taught(300, datagrams_only());
    let shorts: Vec<ShortId> =
        (1..=9).map(|index| Key::of_cluster("test").short(&id(index))).collect();
    let unknown = Key::of_cluster("test").short(&id(1_000));
    let accusation = Accusation::new(node.local().incarnation(), Level::Suspect, ShortId(1));
    let mut datagram = forge(&node, 5, |writer| {
        put_record(writer, 0, Some(&accusation));
        for &short in &shorts {
            // A record that the node has in another version, and one that it lacks.
            let range = [short, unknown];
            for first in range {
                let named = [&first.0.to_le_bytes()[..], &[7; 4]].concat();
                let sync = Sync { first, last: first, items: Items(&named) };
                assert!(writer.put(SYNC, &sync));
            }
        }
        for digit in 0..16 {
            let first = ShortId(digit << 28);
            assert!(writer.put(DIGESTS, &Digests { first, digits: 1, digests: [[7; 4]; 16] }));
        }
    });
    assert!(node.state.table.verify(&id(5), &5));
    node.handle_datagram(at(2), &5, &mut datagram).unwrap();
    let outbox: Vec<(&str, usize)> = node.outbox.iter().map(|out| counted(&out.draft)).collect();
    assert_eq!(outbox, [("descend", 256), ("want", 18), ("records", 9), ("records", 1)]);
    let sizes: Vec<usize> = drain(&mut node, at(2)).iter().map(|(_, bytes)| *bytes).collect();
    let question = ENVELOPE + 3 + 4 * 18;
    assert!(sizes.contains(&question), "no padding: {sizes:?}");
}

/// Returns the name of a draft and its number of items.
fn counted(draft: &Draft) -> (&'static str, usize) {
    match draft {
        Draft::Rumor(RumorDraft::Records(items)) => ("records", items.len()),
        Draft::Rumor(RumorDraft::Want { items, .. }) => ("want", items.len()),
        Draft::Repair(RepairDraft::Descend(prefixes)) => ("descend", prefixes.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn slow_request_does_not_delay_sync() {
    let mut node = taught(300, Config::lan());
    assert!((5..=6).all(|index| node.state.table.verify(&id(index), &index)));
    node.begin_sync(id(5));
    assert!(node.outbox.is_empty(), "a large table takes a request");
    assert_eq!(node.poll_request(at(2), &mut Vec::new()).map(|request| request.to), Some(5));
    node.begin_sync(id(6));
    assert!(matches!(node.outbox[0].draft, Draft::Repair(RepairDraft::Sync { first: ShortId(0) })));
    assert!(node.poll_request(at(2), &mut Vec::new()).is_none());
}

#[test]
fn unverified_member_gets_no_sync() {
    let mut node = taught(1_000, datagrams_only());
    let mut received = 0;
    let mut sent = 0;
    for round in 0..10 {
        let now = at(3_000 + 400 * round);
        let target_tag = node.state.table.target_tag(&id(0), node.local().incarnation());
        let ping = Ping { nonce: 7, target_tag, digest: 7, ring: Ping::NO_RING };
        let mut datagram = forge(&node, 5, |writer| assert!(writer.put(PING, &ping)));
        received += datagram.len();
        // Member 5 is at address 5, but the datagram comes from another one.
        node.handle_datagram(now, &666, &mut datagram).unwrap();
        sent += bytes_to(&drain(&mut node, now), 5);
    }
    assert!(sent <= 3 * received, "{sent} bytes for {received}");
}

#[test]
fn last_epoch_is_a_conflict() {
    let mut node = node(0, Config::lan());
    let mut last = claim(0, u32::MAX);
    last.incarnation.epoch = Epoch::MAX;
    last.incarnation.nonce = u32::MAX;
    let record = (255u8, 0u32, id(0), last, None::<Accusation>);
    let mut datagram = forge(&node, 9, |writer| assert!(writer.put(RECORD, &record)));
    node.handle_datagram(at(1), &9, &mut datagram).unwrap();
    assert_eq!(events(&mut node), [Event::Local(LocalEvent::Conflict { address: 0 })]);
    assert_eq!(node.handle_datagram(at(2), &9, &mut datagram), Err(Reject::Stopped));
    assert_eq!(node.set_meta(at(3), b"x"), Err(CommandError::Stopped));
}

#[test]
fn ineffective_accusation_keeps_fingerprint() {
    let mut node = taught(3, Config::lan());
    let before = node.fingerprint();
    let mut future = claim(2, 0).incarnation;
    future.epoch = Epoch::MAX;
    let accusation = Accusation::new(future, Level::Dead, ShortId(1));
    let mut datagram = forge(&node, 3, |writer| put_record(writer, 2, Some(&accusation)));
    node.handle_datagram(at(2), &3, &mut datagram).unwrap();
    assert_eq!(node.member(&id(2)).unwrap().status(), Status::Up);
    assert_eq!(node.fingerprint(), before);
    // It does not shield the member from effective accusations either.
    let accusation = Accusation::new(claim(2, 0).incarnation, Level::Dead, ShortId(1));
    let mut datagram = forge(&node, 3, |writer| put_record(writer, 2, Some(&accusation)));
    node.handle_datagram(at(2), &3, &mut datagram).unwrap();
    assert_eq!(node.member(&id(2)).unwrap().status(), Status::Dead);
}

#[test]
fn requests_and_replies_count_as_contact() {
    let mut node = taught(300, Config::lan());
    let mut frame = forge(&node, 5, |_| ());
    node.handle_request(at(2), &5, &mut frame, &mut Vec::new()).unwrap();
    assert!(node.detector.has_heard(id(5)));
    // The node at the requested address may be another one now.
    for (replies, heard) in [(7, false), (6, true)] {
        assert!(node.state.table.verify(&id(6), &6));
        node.begin_sync(id(6));
        let request = node.poll_request(at(3), &mut Vec::new()).unwrap();
        let mut frame = forge(&node, replies, |_| ());
        node.handle_reply(at(3), request.id, &mut frame).unwrap();
        assert_eq!(node.detector.has_heard(id(6)), heard);
    }
}

#[test]
fn payload_for_another_life_is_refused() {
    let mut node = taught(1, Config::lan());
    let target_tag = node.state.table.target_tag(&id(0), node.local().incarnation());
    for (target_tag, taken) in [(target_tag + 1, false), (target_tag, true)] {
        let payload = Payload { from: id(1), target_tag, bytes: b"for 0" };
        let mut datagram = forge(&node, 1, |writer| assert!(writer.put(PAYLOAD, &payload)));
        node.handle_datagram(at(2), &1, &mut datagram).unwrap();
        let told = events(&mut node)
            .iter()
            .any(|event| matches!(event, Event::Message(MessageEvent::Received { .. })));
        assert_eq!(told, taken);
    }
    assert_eq!(node.stats().direct.payloads_refused, 1);
}

#[test]
fn leaving_ends_join_and_tells_seed() {
    let mut node = node(0, Config::lan());
    node.join(at(0), [9]);
    drain(&mut node, at(0));
    node.leave(at(10));
    let mut told = Vec::new();
    while !node.is_stopped() {
        let now = node.poll_timeout().unwrap();
        assert!(now <= at(10) + node.config().leave_timeout);
        node.handle_timeout(now);
        told.extend(drain(&mut node, now));
    }
    assert!(bytes_to(&told, 9) > 0, "the seed may have admitted this node");
    let outcomes = Vec::from([(9, Err(JoinError::NoAnswer))]);
    let events = events(&mut node);
    assert!(
        matches!(&events[..], [Event::Local(LocalEvent::Left), Event::Join(JoinEvent::Finished { outcomes: o, .. })] if *o == outcomes)
    );
}

#[test]
fn leaver_tells_suspected_members() {
    let mut node = taught(1, Config::lan().with(|config| config.leave_timeout = Duration::ZERO));
    let accusation = Accusation::new(claim(1, 0).incarnation, Level::Suspect, ShortId(1));
    let mut datagram = forge(&node, 1, |writer| put_record(writer, 1, Some(&accusation)));
    node.handle_datagram(at(2), &1, &mut datagram).unwrap();
    drain(&mut node, at(2));
    node.leave(at(3));
    assert!(node.is_stopped());
    assert!(bytes_to(&drain(&mut node, at(3)), 1) > 0);
}

#[test]
fn leaver_refutes_nothing() {
    let mut node = taught(1, Config::lan());
    node.leave(at(2));
    drain(&mut node, at(2));
    let ours = node.local().claim.incarnation;
    for (level, phase) in [(Level::Suspect, Phase::Leaving), (Level::Dead, Phase::Left)] {
        let accusation = Accusation::new(ours, level, ShortId(1));
        let mut datagram = forge(&node, 1, |writer| put_record(writer, 0, Some(&accusation)));
        node.handle_datagram(at(3), &1, &mut datagram).unwrap();
        assert_eq!((node.local().claim.incarnation, node.local().claim.phase), (ours, phase));
    }
}

/// Lets `by` send accusations and a ping in one datagram. Returns the destinations of the answers,
/// and the number of refutations.
fn told(node: &mut Node<u32>, by: u32, accusations: &[Accusation]) -> (Vec<u32>, u64) {
    let target_tag = node.state.table.target_tag(&id(0), node.local().incarnation());
    let mut datagram = forge(node, by, |writer| {
        accusations.iter().for_each(|accusation| put_record(writer, 0, Some(accusation)));
        writer.put(PING, &Ping { nonce: 1, target_tag, digest: 0, ring: 0 });
    });
    node.handle_datagram(at(2), &by, &mut datagram).unwrap();
    let sent = drain(node, at(2));
    let mut to: Vec<u32> = sent.into_iter().map(|(to, _)| to).collect();
    to.sort_unstable();
    (to, node.stats().local.refutations)
}

#[test]
fn refutation_answers_uninformed_sender_once() {
    let mut node = taught(30, datagrams_only());
    let first = node.local().incarnation();
    let accuse = |incarnation| Accusation::new(incarnation, Level::Suspect, ShortId(7));
    // An ack, and the record.
    assert_eq!(told(&mut node, 5, &[accuse(first)]), (vec![5, 5], 1));
    assert_eq!(told(&mut node, 9, &vec![accuse(first); 20]), (vec![9, 9], 1), "refuted already");
    let second = node.local().incarnation();
    let other = Incarnation { nonce: 77, ..second };
    assert_eq!(told(&mut node, 9, &[accuse(other)]), (vec![9], 1), "of another life");
    let rising: Vec<_> = (0..20)
        .map(|more| accuse(Incarnation { number: second.number + more, ..second }))
        .collect();
    assert_eq!(told(&mut node, 9, &rising), (vec![9, 9], 21));
}

#[test]
fn swim_leaves_refutation_to_rumour() {
    let mut node = taught(30, Config::lan().swim().with(|config| config.requests.enabled = false));
    let first = node.local().incarnation();
    let accusation = Accusation::new(first, Level::Suspect, ShortId(7));
    assert_eq!(told(&mut node, 5, core::slice::from_ref(&accusation)), (vec![5, 5], 1));
    assert_eq!(told(&mut node, 5, core::slice::from_ref(&accusation)), (vec![5], 1));
}

#[test]
fn pause_is_noticed_once() {
    let mut node = node(0, Config::lan());
    let due = node.poll_timeout().unwrap();
    let late = due + Duration::from_secs(7);
    for _ in 0..50 {
        assert!(node.handle_datagram(late, &5, &mut [0; 3]).is_err());
    }
    node.handle_timeout(late);
    assert_eq!(node.stats().traffic.pauses, 1);
}

#[test]
fn application_request_times_out() {
    let mut config =
        Config::lan().with(|config| config.requests.timeout = Duration::from_millis(10));
    config.detector.probe_interval = Duration::from_secs(3_600);
    let mut node = taught(1, config);
    let id = node.send(at(2), id(1), b"hello", Delivery::Request).unwrap();
    assert_eq!(node.poll_timeout(), Some(at(12)));
    node.handle_timeout(at(12));
    assert!(events(&mut node).contains(&Event::Message(MessageEvent::Failed { id })));
}

#[test]
fn short_buffer_loses_no_datagram() {
    let mut node = taught(1, Config::lan());
    node.send(at(2), id(1), b"hello", Delivery::Datagram).unwrap();
    assert_eq!(node.poll_transmit(at(2), &mut [0; 5]), None);
    assert_eq!(node.poll_transmit(at(2), &mut [0; BUDGET]).map(|transmit| transmit.to), Some(1));
}

/// Returns a datagram that declares the node dead.
fn death_of(node: &Node<u32>) -> Vec<u8> {
    accusation_of(node, Level::Dead)
}

fn accusation_of(node: &Node<u32>, level: Level) -> Vec<u8> {
    let accusation = Accusation::new(node.local().incarnation(), level, ShortId(1));
    let own = &node.local().claim;
    forge(node, 1, |writer| {
        writer.put(RECORD, &(255u8, 0u32, id(0), own, Some(&accusation)));
    })
}

#[test]
fn repeated_deaths_lengthen_absence() {
    let mut node = taught(5, Config::lan());
    let mut now = at(1_000);
    let mut absences = Vec::new();
    for _ in 0..7 {
        let dead = node.local().incarnation();
        let mut datagram = death_of(&node);
        let died = now;
        // Repetitions change nothing.
        for _ in 0..3 {
            node.handle_datagram(now, &1, &mut datagram.clone()).unwrap();
        }
        while node.local().incarnation() == dead {
            drain(&mut node, now);
            now = node.poll_timeout().unwrap();
            node.handle_timeout(now);
        }
        absences.push(now.saturating_duration_since(died).as_secs());
        node.handle_datagram(now, &1, &mut datagram).unwrap();
    }
    // At the last death, the first two are ten minutes old and no longer count.
    assert_eq!(absences, [0, 20, 40, 80, 160, 300, 160]);

    let mut swim = taught(5, Config::lan().swim());
    for _ in 0..3 {
        let dead = swim.local().incarnation();
        let mut datagram = death_of(&swim);
        swim.handle_datagram(at(1_000), &1, &mut datagram).unwrap();
        assert!(swim.local().incarnation() > dead);
    }
}

#[test]
fn absence_ignores_older_accusations() {
    let mut node = taught(5, Config::lan());
    for _ in 0..2 {
        let mut datagram = death_of(&node);
        node.handle_datagram(at(1_000), &1, &mut datagram).unwrap();
    }
    // An accusation as old as the death, and one of a claim made during the absence.
    let mut suspected = accusation_of(&node, Level::Suspect);
    let dead = node.local().incarnation();
    node.handle_datagram(at(1_010), &1, &mut suspected).unwrap();
    assert_eq!(node.local().incarnation(), dead);
    node.set_meta(at(1_020), b"new").unwrap();
    let mut suspected = accusation_of(&node, Level::Suspect);
    node.handle_datagram(at(1_025), &1, &mut suspected).unwrap();
    let again = node.local().incarnation();
    assert_eq!(again.number, dead.number + 2, "the node defends a claim made during its absence");
    let mut died = death_of(&node);
    node.handle_datagram(at(1_030), &1, &mut died).unwrap();
    let mut now = at(1_030);
    while node.local().incarnation() == again && now < at(60_000) {
        drain(&mut node, now);
        now = node.poll_timeout().unwrap();
        node.handle_timeout(now);
    }
    assert_eq!(now, at(21_000));
}

#[test]
fn pause_with_queued_datagrams_counts_once() {
    let mut node = taught(5, Config::lan());
    let accusation = Accusation::new(claim(3, 0).incarnation, Level::Suspect, ShortId(7));
    let mut datagram = forge(&node, 1, |writer| put_record(writer, 3, Some(&accusation)));
    node.handle_datagram(at(2), &1, &mut datagram).unwrap();
    let late = node.poll_timeout().unwrap() + Duration::from_secs(30);
    node.handle_timeout(late);
    let moved = node.last_drained;
    assert!(late.saturating_duration_since(moved) < Duration::from_secs(1), "{moved:?}");
}
