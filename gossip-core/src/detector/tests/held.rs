//! Tests of a node that cannot send, or that was paused: other members are not at fault.

use super::*;

#[test]
fn pause_postpones_verdicts() {
    let mut world = World::new(lifeguard(), 9);
    let mut detector = detector(&world);
    accuse(&mut world, &mut detector, 7, 1);
    let verdict = detector.suspicions.next().unwrap();
    let pause = Duration::from_secs(600);
    detector.postpone(pause);
    assert_eq!(detector.suspicions.next(), Some(verdict + pause));
    world.now = world.now + pause;
    detector.on_timeout(&mut world.cx());
    assert_eq!(
        vec![world.stats.detector.deaths_declared, world.stats.detector.probes_failed],
        [0, 0]
    );
}

#[test]
fn pause_postpones_suspicion_that_is_confirmed_later() {
    let mut world = World::new(lifeguard(), 99);
    let mut detector = detector(&world);
    accuse(&mut world, &mut detector, 7, 1);
    let pause = Duration::from_secs(600);
    detector.postpone(pause);
    world.now = world.now + pause;
    accuse(&mut world, &mut detector, 7, 2);
    assert_eq!(detector.suspicions.next(), Some(world.now + Duration::from_micros(34_521_484)));
}

/// Blocks all datagrams for half a minute. The detector then has no deadline.
fn block(world: &mut World, detector: &mut FailureDetector) {
    detector.hold();
    let blocked = Duration::from_secs(30);
    world.now = world.now + blocked;
    detector.on_timeout(&mut world.cx());
    assert_eq!((world.detector_actions(), detector.next_timeout()), (vec![], None));
    detector.release(blocked);
}

#[test]
fn blocked_datagrams_postpone_probes() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    block(&mut world, &mut detector);
    let released = world.now;
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let failed = released + world.config.detector.probe_timeout * 2;
    let delay = announce_delay(&mut world);
    assert_eq!(world.now, failed + delay);
}

#[test]
fn blocked_datagrams_postpone_second_opinion() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, nonce) = watcher(&mut world);
    detector.on_ack(&mut world.cx(), nonce, false, None);
    let index = index_of(target);
    assert!(detector.schedule.target(target).ring.is_some());
    detector.hold();
    world.wait(2_000);
    accuse(&mut world, &mut detector, index, 77);
    world.wait(1_000);
    assert_eq!(world.detector_actions(), []);
    let blocked = Duration::from_secs(3);
    detector.release(blocked);
    let released = world.now;
    let mut begun = None;
    loop {
        let sent = next(&mut world, &mut detector);
        all_answer_but(&mut world, &mut detector, target, &sent);
        begun = begun.or(sent.iter().any(pings(target)).then_some(world.now));
        if sent.iter().any(accuses(target)) {
            break;
        }
    }
    assert!(begun.is_some_and(|begun| begun < released + blocked));
    // The probe has its full length, although it was wanted long before it began.
    assert_eq!(begun.map(|begun| begun + world.config.detector.probe_timeout * 2), Some(world.now));
}

#[test]
fn swim_suspicion_expires_while_datagrams_are_blocked() {
    let mut world = World::new(lifeguard(), 9);
    let mut detector = detector(&world);
    accuse(&mut world, &mut detector, 7, 1);
    let end = detector.suspicions.next().unwrap();
    detector.hold();
    assert_eq!(detector.next_timeout(), Some(end));
    world.now = end;
    detector.on_timeout(&mut world.cx());
    assert!(world.detector_actions().iter().any(accuses(id(7))));
}

#[test]
fn release_without_peers_makes_nothing_due() {
    let mut world = World::new(Config::lan(), 0);
    let mut detector = detector(&world);
    block(&mut world, &mut detector);
    assert!(detector.next_timeout().unwrap() > world.now);
}

#[test]
fn swim_probe_requests_relays_before_it_fails() {
    let mut world = World::new(lifeguard(), 9);
    let mut detector = detector(&world);
    let (target, nonce) = target_of(&next(&mut world, &mut detector));
    block(&mut world, &mut detector);
    // The detector ignores an ack to an expired probe.
    assert_eq!(detector.on_ack(&mut world.cx(), nonce, false, None), None);
    detector.on_timeout(&mut world.cx());
    let actions = world.detector_actions();
    let count = |fits: fn(&Action) -> bool| actions.iter().filter(|action| fits(action)).count();
    assert_eq!(count(|action| matches!(action, Action::PingRequest { .. })), 3);
    assert_eq!(count(|action| matches!(action, Action::Ping { .. })), 1, "the next probe");
    assert!(
        actions.iter().any(|action| matches!(action, Action::Accuse { id, .. } if *id == target))
    );
    assert_eq!(detector.health(), 3, "no nacks arrived");
}
