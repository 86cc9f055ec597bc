//! Nothing leaves, or we were paused: nobody else is at fault.

use super::*;

#[test]
fn a_pause_of_our_own_postpones_every_verdict() {
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
fn a_pause_is_forgiven_to_a_suspicion_that_is_then_confirmed() {
    let mut world = World::new(lifeguard(), 99);
    let mut detector = detector(&world);
    accuse(&mut world, &mut detector, 7, 1);
    let pause = Duration::from_secs(600);
    detector.postpone(pause);
    world.now = world.now + pause;
    accuse(&mut world, &mut detector, 7, 2);
    assert_eq!(detector.suspicions.next(), Some(world.now + Duration::from_micros(34_521_484)));
}

/// Half a minute in which nothing can be sent, nor is anything to be.
fn block(world: &mut World, detector: &mut FailureDetector) {
    detector.hold();
    let blocked = Duration::from_secs(30);
    world.now = world.now + blocked;
    detector.on_timeout(&mut world.cx());
    assert_eq!((world.detector_actions(), detector.next_timeout()), (vec![], None));
    detector.release(blocked);
}

#[test]
fn while_nothing_leaves_no_probe_goes_on_and_that_is_nobodys_fault() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    block(&mut world, &mut detector);
    let left = world.now;
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let failed = left + world.config.detector.probe_timeout * 2;
    let secret = secret(&mut world);
    assert_eq!(world.now, failed + secret);
}

#[test]
fn while_nothing_leaves_a_second_opinion_waits() {
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
    let left = world.now;
    let mut begun = None;
    loop {
        let sent = next(&mut world, &mut detector);
        all_answer_but(&mut world, &mut detector, target, &sent);
        begun = begun.or(sent.iter().any(pings(target)).then_some(world.now));
        if sent.iter().any(accuses(target)) {
            break;
        }
    }
    assert!(begun.is_some_and(|begun| begun < left + blocked));
    // It lasts as long as any, though it was wanted long before it began.
    assert_eq!(begun.map(|begun| begun + world.config.detector.probe_timeout * 2), Some(world.now));
}

#[test]
fn by_swims_rules_a_suspicion_ends_in_time_though_nothing_leaves() {
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
fn after_nothing_left_for_long_nothing_is_due_at_once_even_where_nobody_is_watched() {
    let mut world = World::new(Config::lan(), 0);
    let mut detector = detector(&world);
    block(&mut world, &mut detector);
    assert!(detector.next_timeout().unwrap() > world.now);
}

#[test]
fn memberlists_probe_is_over_in_time_but_nothing_comes_of_it_before_it_can_ask_others() {
    let mut world = World::new(lifeguard(), 9);
    let mut detector = detector(&world);
    let (target, nonce) = target_of(&next(&mut world, &mut detector));
    block(&mut world, &mut detector);
    // The answer to what it has forgotten is in vain.
    assert_eq!(detector.on_ack(&mut world.cx(), nonce, false, None), None);
    detector.on_timeout(&mut world.cx());
    let actions = world.detector_actions();
    let count = |fits: fn(&Action) -> bool| actions.iter().filter(|action| fits(action)).count();
    assert_eq!(count(|action| matches!(action, Action::PingRequest { .. })), 3);
    assert_eq!(count(|action| matches!(action, Action::Ping { .. })), 1, "the next one's turn");
    assert!(
        actions.iter().any(|action| matches!(action, Action::Accuse { id, .. } if *id == target))
    );
    assert_eq!(detector.health(), 3, "nobody denied it");
}
