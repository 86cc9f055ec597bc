//! The detector by itself: everything that it wants done, compared whole.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::testing::{World, id};

const ENTROPY: [u8; 32] = [5; 32];

fn detector(world: &World) -> Detector {
    Detector::new(world.now, &world.config, &ENTROPY, Key::new(1, 2))
}

/// Lets time pass until the detector wants something done.
fn next(world: &mut World, detector: &mut Detector) -> Vec<Action> {
    loop {
        world.now = detector.next_timeout().unwrap();
        detector.on_timeout(&mut world.cx());
        let actions = world.take();
        if !actions.is_empty() {
            return actions;
        }
    }
}

fn target_of(actions: &[Action]) -> (NodeId, u32) {
    match actions {
        &[Action::Ping { to, nonce, attach: None }] => (to, nonce),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_member_is_asked_directly_then_through_others_then_suspected() {
    let mut world = World::new(Config::lan(), 1);
    let mut detector = detector(&world);
    let (target, nonce) = target_of(&next(&mut world, &mut detector));
    assert_eq!(target, id(1));
    let began = world.now;

    // Two more members, who can be asked, come up.
    world.learn(2, 0);
    world.learn(3, 0);
    let mut asked = next(&mut world, &mut detector);
    assert_eq!(world.now, began + world.config.probe_timeout);
    asked[..2].sort_by_key(
        |action| matches!(action, Action::PingRequest { relay, .. } if *relay == id(3)),
    );
    assert_eq!(
        asked,
        [
            Action::PingRequest { relay: id(2), target, nonce },
            Action::PingRequest { relay: id(3), target, nonce },
            Action::PingByRequest { to: target, nonce },
        ]
    );

    // One of the two says no, the other nothing: that is partly our own fault.
    detector.on_nack(nonce);
    let mut verdict = next(&mut world, &mut detector);
    assert_eq!(world.now, began + world.config.probe_interval);
    // The next probe is due at the same moment.
    assert!(matches!(verdict.pop(), Some(Action::Ping { .. })));
    let incarnation = world.table.get(&target).unwrap().member.incarnation();
    let accusation = Accusation::new(incarnation, Level::Suspect, world.table.own().short);
    assert_eq!(verdict, [Action::Accuse { id: target, accusation }]);
    assert_eq!((world.stats.probes_failed, world.stats.suspicions_raised), (1, 1));
    assert_eq!(detector.health(), 1);
}

#[test]
fn an_answer_ends_the_probe_however_it_comes() {
    let mut world = World::new(Config::lan(), 1);
    let mut detector = detector(&world);
    for by_request in [false, true] {
        let (target, nonce) = target_of(&next(&mut world, &mut detector));
        world.wait(3);
        assert_eq!(detector.on_ack(&mut world.cx(), nonce, by_request), Some(target));
        assert_eq!(detector.on_ack(&mut world.cx(), nonce, by_request), None, "only once");
    }
    assert_eq!(detector.on_ack(&mut world.cx(), 12_345, false), None);
    assert_eq!((world.stats.probes, world.stats.probes_failed), (2, 0));
    assert_eq!(world.stats.probes_rescued_by_request, 1);
}

#[test]
fn every_member_is_probed_once_in_each_round() {
    let mut world = World::new(Config::lan(), 20);
    let mut detector = detector(&world);
    for _ in 0..3 {
        let mut round: Vec<_> = (0..20)
            .map(|_| {
                let (target, nonce) = target_of(&next(&mut world, &mut detector));
                detector.on_ack(&mut world.cx(), nonce, false);
                target
            })
            .collect();
        let order = round.clone();
        round.sort();
        assert_eq!(round, (1..=20).map(id).collect::<Vec<_>>());
        assert_ne!(order, round, "shuffled");
    }
}

#[test]
fn a_suspect_is_told_and_dies_sooner_the_more_accuse_it() {
    let mut world = World::new(Config::lan(), 99);
    let mut detector = detector(&world);
    let times: Vec<_> = (1..=3)
        .map(|accusers| {
            let mut world = World::new(Config::lan(), 99);
            for accuser in 0..accusers {
                world.accuse(7, Level::Suspect, accuser);
                detector.on_change(&mut world.cx(), id(7));
            }
            world.now = detector.suspicions.next().unwrap();
            detector.next_probe = world.now + Duration::from_secs(1);
            detector.on_timeout(&mut world.cx());
            let incarnation = world.table.get(&id(7)).unwrap().member.incarnation();
            let accusation = Accusation::new(incarnation, Level::Dead, world.table.own().short);
            assert_eq!(world.take(), [Action::Accuse { id: id(7), accusation }]);
            world.now.as_micros() / 1_000
        })
        .collect();
    assert_eq!(times, [47_343, 21_041, 7_890]);

    for index in 1..=99 {
        world.accuse(index, Level::Suspect, 1);
    }
    detector.next_probe = world.now;
    detector.on_timeout(&mut world.cx());
    let told = world.take();
    assert!(
        matches!(told[..], [Action::Ping { to, attach: Some(attach), .. }] if to == attach),
        "{told:?}"
    );
}

#[test]
fn a_refutation_ends_the_suspicion() {
    let mut world = World::new(Config::lan(), 9);
    let mut detector = detector(&world);
    world.accuse(7, Level::Suspect, 1);
    detector.on_change(&mut world.cx(), id(7));
    assert!(detector.suspicions.next().is_some());
    world.learn(7, 1);
    detector.on_change(&mut world.cx(), id(7));
    assert_eq!(detector.suspicions.next(), None);
}

#[test]
fn a_relay_passes_the_answer_on_even_after_it_said_no() {
    let mut world = World::new(Config::lan(), 3);
    let mut detector = detector(&world);
    detector.on_ping_request(&mut world.cx(), id(1), id(2), 77);
    let (target, nonce) = target_of(&world.take());
    assert_eq!(target, id(2));
    world.now = detector.relays.next().unwrap();
    detector.on_timeout(&mut world.cx());
    assert_eq!(world.take()[0], Action::Nack { to: id(1), nonce: 77 });
    world.wait(100);
    assert_eq!(detector.on_ack(&mut world.cx(), nonce, false), Some(id(2)));
    assert_eq!(world.take(), [Action::IndirectAck { to: id(1), nonce: 77 }]);
    assert_eq!(detector.relays.len(), 0);
}

#[test]
fn relays_are_bounded() {
    let mut world = World::new(Config::lan(), 3);
    let mut detector = detector(&world);
    for nonce in 0..2 * MAX_RELAYS as u32 {
        detector.on_ping_request(&mut world.cx(), id(1), id(2), nonce);
    }
    assert_eq!(world.take().len(), MAX_RELAYS);
    assert_eq!(world.stats.relays_dropped, MAX_RELAYS as u64);
    // They do not stay for ever.
    world.wait(10_000);
    detector.on_timeout(&mut world.cx());
    world.wait(10_000);
    detector.on_timeout(&mut world.cx());
    assert_eq!(detector.relays.len(), 0);
}

#[test]
fn a_pause_of_our_own_postpones_every_verdict() {
    let mut world = World::new(Config::lan(), 9);
    let mut detector = detector(&world);
    world.accuse(7, Level::Suspect, 1);
    detector.on_change(&mut world.cx(), id(7));
    let verdict = detector.suspicions.next().unwrap();
    let pause = Duration::from_secs(600);
    detector.postpone(pause);
    assert_eq!(detector.suspicions.next(), Some(verdict + pause));
    world.now = world.now + pause;
    detector.on_timeout(&mut world.cx());
    assert_eq!(vec![world.stats.deaths_declared, world.stats.probes_failed], [0, 0]);
}

#[test]
fn a_pause_is_forgiven_to_a_suspicion_that_is_then_confirmed() {
    let mut world = World::new(Config::lan(), 99);
    let mut detector = detector(&world);
    world.accuse(7, Level::Suspect, 1);
    detector.on_change(&mut world.cx(), id(7));
    let pause = Duration::from_secs(600);
    detector.postpone(pause);
    world.now = world.now + pause;
    world.accuse(7, Level::Suspect, 2);
    detector.on_change(&mut world.cx(), id(7));
    assert_eq!(detector.suspicions.next(), Some(world.now + Duration::from_micros(21_041_666)));
}
