//! Tests of the detector alone. They compare whole lists of actions.

mod announce;
mod held;
mod isolation;

use alloc::vec;
use alloc::vec::Vec;

use super::rtt::Rtt;
use super::target::ProbeTarget;
use super::*;
use crate::member::{Accusation, Level};
use crate::testing::{World, id};

/// The configuration with SWIM's rules, which need the fewest actions.
fn lifeguard() -> Config {
    Config::lan().lifeguard()
}

const ENTROPY: [u8; 32] = [5; 32];

fn detector(world: &World) -> FailureDetector {
    FailureDetector::new(world.now, &world.config, &ENTROPY, Key::new(1, 2))
}

/// Advances to the next actions of the detector and returns them. A test that waits for two hours
/// fails.
fn next(world: &mut World, detector: &mut FailureDetector) -> Vec<Action> {
    loop {
        world.now = detector.next_timeout().unwrap();
        assert!(world.now < Instant::ORIGIN + Duration::from_secs(7_200), "no action in two hours");
        detector.on_timeout(&mut world.cx());
        let actions = world.detector_actions();
        if !actions.is_empty() {
            return actions;
        }
    }
}

fn target_of(actions: &[Action]) -> (NodeId, u32) {
    match actions {
        &[Action::Ping { to, nonce, attach: None, .. }] => (to, nonce),
        other => panic!("{other:?}"),
    }
}

#[test]
fn silent_member_is_pinged_indirectly_and_then_suspected() {
    let mut world = World::new(lifeguard(), 1);
    let mut detector = detector(&world);
    let (target, nonce) = target_of(&next(&mut world, &mut detector));
    assert_eq!(target, id(1));
    let began = world.now;

    // Two more members, which can relay, come up.
    world.learn(2, 0);
    world.learn(3, 0);
    let mut requests = next(&mut world, &mut detector);
    assert_eq!(world.now, began + world.config.detector.probe_timeout);
    requests[..2].sort_by_key(
        |action| matches!(action, Action::PingRequest { relay, .. } if *relay == id(3)),
    );
    assert_eq!(
        requests,
        [
            Action::PingRequest { relay: id(2), target, nonce },
            Action::PingRequest { relay: id(3), target, nonce },
            Action::PingByRequest { to: target, nonce },
        ]
    );

    // One relay sends a nack and the other does not, which worsens this node's health.
    detector.on_nack(nonce);
    let mut verdict = next(&mut world, &mut detector);
    assert_eq!(world.now, began + world.config.detector.probe_interval);
    // The next probe begins at the same time.
    assert!(matches!(verdict.pop(), Some(Action::Ping { .. })));
    let incarnation = world.table.get(&target).unwrap().member.incarnation();
    let accusation = Accusation::new(incarnation, Level::Suspect, world.table.local().short);
    assert_eq!(verdict, [Action::Accuse { id: target, accusation }]);
    assert_eq!(
        (world.stats.detector.probes_failed, world.stats.detector.suspicions_raised),
        (1, 1)
    );
    assert_eq!(detector.health(), 1);
}

#[test]
fn ack_by_datagram_or_request_ends_probe() {
    let mut world = World::new(lifeguard(), 1);
    let mut detector = detector(&world);
    for by_request in [false, true] {
        let (target, nonce) = target_of(&next(&mut world, &mut detector));
        world.wait(3);
        assert_eq!(detector.on_ack(&mut world.cx(), nonce, by_request, None), Some(target));
        assert_eq!(detector.on_ack(&mut world.cx(), nonce, by_request, None), None, "only once");
    }
    assert_eq!(detector.on_ack(&mut world.cx(), 12_345, false, None), None);
    assert_eq!((world.stats.detector.probes, world.stats.detector.probes_failed), (2, 0));
    assert_eq!(world.stats.detector.probes_rescued_by_request, 1);
}

#[test]
fn round_probes_every_member_once() {
    let mut world = World::new(lifeguard(), 20);
    let mut detector = detector(&world);
    for _ in 0..3 {
        let mut round: Vec<_> = (0..20)
            .map(|_| {
                let (target, nonce) = target_of(&next(&mut world, &mut detector));
                detector.on_ack(&mut world.cx(), nonce, false, None);
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
fn accusers_shorten_timeout_and_suspect_is_told() {
    let mut world = World::new(lifeguard(), 99);
    let mut detector = detector(&world);
    let times: Vec<_> = (1..=3)
        .map(|accusers| {
            let mut world = World::new(lifeguard(), 99);
            for accuser in 0..accusers {
                accuse(&mut world, &mut detector, 7, accuser);
            }
            world.now = detector.suspicions.next().unwrap();
            detector.on_timeout(&mut world.cx());
            let incarnation = world.table.get(&id(7)).unwrap().member.incarnation();
            let accusation = Accusation::new(incarnation, Level::Dead, world.table.local().short);
            let verdict = world
                .detector_actions()
                .into_iter()
                .find(|action| matches!(action, Action::Accuse { .. }));
            assert_eq!(verdict, Some(Action::Accuse { id: id(7), accusation }));
            world.now.as_micros() / 1_000
        })
        .collect();
    assert_eq!(times, [59_179, 34_521, 22_192]);

    for index in 1..=99 {
        world.accuse(index, Level::Suspect, 1);
    }
    world.now = detector.schedule.next_timeout();
    detector.on_timeout(&mut world.cx());
    let told = world.detector_actions();
    assert!(
        matches!(told.last(), Some(Action::Ping { to, attach: Some(attach), .. }) if to == attach),
        "{told:?}"
    );
}

#[test]
fn refutation_ends_suspicion() {
    let mut world = World::new(lifeguard(), 9);
    let mut detector = detector(&world);
    accuse(&mut world, &mut detector, 7, 1);
    assert!(detector.suspicions.next().is_some());
    world.learn(7, 1);
    detector.on_change(&mut world.cx(), id(7), false);
    assert_eq!(detector.suspicions.next(), None);
}

#[test]
fn swim_ignores_ack_of_suspect() {
    let mut world = World::new(lifeguard(), 99);
    let mut detector = detector(&world);
    let (target, _) = target_of(&next(&mut world, &mut detector));
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    confirm(&mut world, &mut detector, target);
    let before = detector.suspicions.next();
    let nonce = detector.probe(&mut world.cx(), ProbeTarget::unwatched(target)).unwrap();
    assert_eq!(detector.on_ack(&mut world.cx(), nonce, false, None), Some(target));
    assert_eq!(detector.suspicions.next(), before);
}

#[test]
fn relay_forwards_ack_even_after_its_nack() {
    let mut world = World::new(lifeguard(), 3);
    let mut detector = detector(&world);
    detector.on_ping_request(&mut world.cx(), id(1), id(2), 77);
    let (target, nonce) = target_of(&world.detector_actions());
    assert_eq!(target, id(2));
    world.now = detector.relays.next().unwrap();
    detector.on_timeout(&mut world.cx());
    assert_eq!(world.detector_actions()[0], Action::Nack { to: id(1), nonce: 77 });
    world.wait(100);
    assert_eq!(detector.on_ack(&mut world.cx(), nonce, false, None), Some(id(2)));
    assert_eq!(world.detector_actions(), [Action::IndirectAck { to: id(1), nonce: 77 }]);
    assert_eq!(detector.relays.len(), 0);
}

#[test]
fn relay_of_watchers_sends_nack_in_time() {
    let mut world = World::new(Config::lan(), 3);
    let mut detector = detector(&world);
    detector.on_ping_request(&mut world.cx(), id(1), id(2), 77);
    world.detector_actions();
    let requested = world.now;
    world.now = detector.relays.next().unwrap();
    detector.on_timeout(&mut world.cx());
    assert_eq!(world.detector_actions()[0], Action::Nack { to: id(1), nonce: 77 });
    // The nack arrives within the second round of the shortest probe.
    let shortest = world.config.detector.probe_timeout / 2;
    assert!(world.now < requested + shortest * 2 / 3);
}

#[test]
fn relays_are_limited() {
    let mut world = World::new(lifeguard(), 3);
    let mut detector = detector(&world);
    for nonce in 0..2 * MAX_RELAYS as u32 {
        detector.on_ping_request(&mut world.cx(), id(1), id(2), nonce);
    }
    assert_eq!(world.detector_actions().len(), MAX_RELAYS);
    assert_eq!(world.stats.detector.relays_dropped, MAX_RELAYS as u64);
    // Relays expire.
    world.wait(10_000);
    detector.on_timeout(&mut world.cx());
    world.wait(10_000);
    detector.on_timeout(&mut world.cx());
    assert_eq!(detector.relays.len(), 0);
}

/// Returns a detector that watches its peers in eight rings, the target of its first probe, and the
/// nonce.
fn watcher(world: &mut World) -> (FailureDetector, NodeId, u32) {
    let mut detector = detector(world);
    let peers: Vec<_> = world.table.live().map(|slot| slot.member.id).collect();
    for peer in peers {
        detector.on_change(&mut world.cx(), peer, true);
    }
    let (target, nonce) = target_of(&next(world, &mut detector));
    (detector, target, nonce)
}

/// Advances until the detector accuses the member `silent` at `level`, and applies the accusation.
/// All other members answer. Returns the other actions, which are those for the silent member.
fn until_accused(
    world: &mut World,
    detector: &mut FailureDetector,
    silent: NodeId,
    level: Level,
) -> Vec<Action> {
    let mut sent = Vec::new();
    for _ in 0..1_000 {
        for action in next(world, detector) {
            match action {
                Action::Ping { to, nonce, .. } if to != silent => {
                    detector.on_heard(&world.cx(), to);
                    detector.on_ack(&mut world.cx(), nonce, false, Some(Duration::from_secs(8)));
                }
                Action::Accuse { id, accusation } => {
                    assert_eq!(id, silent);
                    let now = world.now;
                    world.table.accuse(now, &id, &accusation);
                    detector.on_change(&mut world.cx(), id, false);
                    if accusation.level == level {
                        return sent;
                    }
                }
                Action::PingRequest { nonce, .. } => {
                    detector.on_nack(nonce);
                    sent.push(action);
                }
                action => sent.push(action),
            }
        }
    }
    panic!("never accused: {sent:?}");
}

/// Returns how long an accuser keeps a suspicion private.
fn announce_delay(world: &mut World) -> Duration {
    suspicion::announce_delay(&world.cx())
}

#[test]
fn watcher_probes_with_three_pings_and_nine_relays() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let begun = world.now;
    let sent = until_accused(&mut world, &mut detector, target, Level::Suspect);
    let failed = begun + world.config.detector.probe_timeout * 2;
    let delay = announce_delay(&mut world);
    assert_eq!(world.now, failed + delay);
    let count = |fits: fn(&Action) -> bool| sent.iter().filter(|action| fits(action)).count();
    let pings = count(|action| matches!(action, Action::Ping { .. }));
    assert_eq!(pings, 2 + 3, "after the first, and while the suspicion was private");
    assert_eq!(count(|action| matches!(action, Action::PingRequest { .. })), 9);
    assert_eq!(count(|action| matches!(action, Action::PingByRequest { .. })), 1);
    let why = detector.why(&world.table, &target).unwrap();
    let probe = why.probe.unwrap();
    assert_eq!((probe.pings, probe.relays, probe.nacks), (3, 9, 9));
    assert_eq!((why.suspected, why.declared), (failed, None));
}

#[test]
fn short_round_trip_allows_more_pings_per_probe() {
    for (millis, pings) in [(2, 5), (60, 4), (200, 3)] {
        let mut world = World::new(Config::lan(), 200);
        let (mut detector, target, _) = watcher(&mut world);
        let mut rtt = Rtt::UNKNOWN;
        (0..100).for_each(|_| rtt.sample(Duration::from_millis(millis)));
        let target = ProbeTarget { id: target, ring: Some(0), rtt };
        let (patience, _) = detector.patience(&world.cx(), target);
        let nonce = detector.probe(&mut world.cx(), target).unwrap();
        let begun = world.now;
        let mut sent = world.detector_actions().len();
        while world.now + Duration::from_micros(1) < begun + patience {
            sent += next(&mut world, &mut detector).iter().filter(|a| is_ping(a, nonce)).count();
        }
        assert_eq!(sent, pings, "with a round-trip time of {millis} ms");
    }
}

fn is_ping(action: &Action, of: u32) -> bool {
    matches!(action, Action::Ping { nonce, .. } if *nonce == of)
}

#[test]
fn missing_nacks_of_late_relays_do_not_count() {
    for (config, counts) in [(Config::lan(), (9, 6)), (lifeguard(), (3, 3))] {
        let mut world = World::new(config, 200);
        let mut detector = detector(&world);
        for index in 1..=199 {
            detector.on_change(&mut world.cx(), id(index), true);
        }
        let (_, nonce) = target_of(&next(&mut world, &mut detector));
        let mut seen = (0, 0);
        while let Some(probe) = detector.probes.get(&nonce) {
            seen = (probe.relays, probe.nacks_expected);
            // All relays that had time sent a nack, so this node's health does not change.
            (0..seen.1).for_each(|_| detector.on_nack(nonce));
            let before = detector.health.score();
            world.now = detector.probes.next().unwrap();
            let probe = detector.probes.pop(world.now).unwrap();
            assert_eq!(probe.0, nonce);
            detector.on_probe_timeout(&mut world.cx(), nonce, probe.1);
            assert_eq!(detector.health.score(), before);
        }
        assert_eq!(seen, counts);
    }
}

#[test]
fn watchers_tell_suspect_without_buddy_system() {
    let mut world =
        World::new(Config::lan().with(|config| config.detector.buddy_system = false), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let told = next(&mut world, &mut detector);
    assert!(
        told.iter().any(|sent| matches!(sent, Action::Ping { attach: Some(_), .. })),
        "{told:?}"
    );
}

#[test]
fn probe_without_relays_sends_one_request() {
    let mut world =
        World::new(Config::lan().with(|config| config.detector.indirect_probes = 0), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let sent = until_accused(&mut world, &mut detector, target, Level::Suspect);
    let requests = sent.iter().filter(|action| matches!(action, Action::PingByRequest { .. }));
    assert_eq!(requests.count(), 1);
}

fn index_of(member: NodeId) -> u32 {
    (1..).find(|&index| id(index) == member).unwrap()
}

/// Makes `accuser` accuse a member, and informs the detector.
fn accuse(world: &mut World, detector: &mut FailureDetector, index: u32, accuser: u32) {
    world.accuse(index, Level::Suspect, accuser);
    detector.on_change(&mut world.cx(), id(index), false);
}

/// Makes another member accuse the suspect, and four members contact this node.
fn confirm(world: &mut World, detector: &mut FailureDetector, suspect: NodeId) {
    let index = index_of(suspect);
    accuse(world, detector, index, 77);
    (1..=4).for_each(|other| detector.on_heard(&world.cx(), id(other)));
}

#[test]
fn accuser_pings_suspect_and_declares_after_last_probe() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let (suspected, public) = (world.now.saturating_sub(announce_delay(&mut world)), world.now);
    confirm(&mut world, &mut detector, target);
    let sent = until_accused(&mut world, &mut detector, target, Level::Dead);
    // One of three confirmations: half the way from the maximum down to the minimum, which is 1.5 s
    // times log10(21). The maximum is six times that.
    let lasted = world.now.saturating_duration_since(suspected).as_millis();
    assert!((6_700..8_200).contains(&lasted), "{lasted}");
    let told = |action: &&Action| matches!(action, Action::Ping { attach: Some(_), .. });
    let told = sent.iter().filter(told).count() as u128;
    let public = world.now.saturating_duration_since(public).as_millis();
    assert!(told + 2 >= public / 500, "two pings per second");
    assert_eq!(detector.why(&world.table, &target).unwrap().declared, Some(world.now));
}

#[test]
fn unconfirmed_accuser_keeps_announcing() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let mut announced = Vec::new();
    while announced.len() < 5 {
        assert!(world.now < Instant::ORIGIN + Duration::from_secs(60), "{announced:?}");
        for action in next(&mut world, &mut detector) {
            match action {
                Action::Ping { to, nonce, .. } if to != target => {
                    detector.on_heard(&world.cx(), to);
                    detector.on_ack(&mut world.cx(), nonce, false, Some(Duration::from_secs(8)));
                }
                Action::PingRequest { nonce, .. } => detector.on_nack(nonce),
                Action::SpreadAgain { id } if id == target => announced.push(world.now),
                action => assert!(!matches!(action, Action::Accuse { .. }), "{action:?}"),
            }
        }
    }
    // The accuser announces again after each further probe.
    let again = world.config.detector.probe_interval * 4 + world.config.detector.probe_timeout * 2;
    assert!(announced.is_sorted_by(|one, next| *next == *one + again), "{announced:?}");
    confirm(&mut world, &mut detector, target);
    let confirmed = world.now;
    until_accused(&mut world, &mut detector, target, Level::Dead);
    assert_eq!(
        world.now,
        confirmed + world.config.detector.probe_timeout * 2,
        "after one more probe"
    );
}

#[test]
fn watcher_probes_accused_member_at_once() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, nonce) = watcher(&mut world);
    detector.on_ack(&mut world.cx(), nonce, false, None);
    let watched = |id: &NodeId| detector.schedule.target(*id).ring.is_some();
    let stranger = (1..=20).find(|&index| !watched(&id(index))).unwrap();
    let accused = index_of(target);
    for index in [stranger, accused] {
        accuse(&mut world, &mut detector, index, 77);
    }
    let begun = world.detector_actions();
    assert!(
        matches!(begun[..], [Action::Ping { to, attach: Some(_), ring: Some(_), .. }] if to == target),
        "{begun:?}"
    );
}

/// Makes all pinged members answer, except `silent`.
fn all_answer_but(
    world: &mut World,
    detector: &mut FailureDetector,
    silent: NodeId,
    sent: &[Action],
) {
    let appointment = Some(Duration::from_millis(500));
    for action in sent {
        match *action {
            Action::Ping { to, nonce, .. } if to != silent => {
                detector.on_ack(&mut world.cx(), nonce, false, appointment);
            }
            _ => {}
        }
    }
}

/// Makes the suspect refute.
fn refute(world: &mut World, detector: &mut FailureDetector, suspect: NodeId) {
    let number = world.table.get(&suspect).unwrap().member.incarnation().number + 1;
    let index = index_of(suspect);
    world.learn(index, number);
    detector.on_change(&mut world.cx(), suspect, false);
}

/// Pauses this node.
fn pause(world: &mut World, detector: &mut FailureDetector, seconds: u64) {
    let length = Duration::from_secs(seconds);
    world.now = world.now + length;
    detector.postpone(length);
}

fn pings(target: NodeId) -> impl Fn(&Action) -> bool {
    move |action| matches!(action, Action::Ping { to, .. } if *to == target)
}

fn accuses(target: NodeId) -> impl Fn(&Action) -> bool {
    move |action| matches!(action, Action::Accuse { id, .. } if *id == target)
}
