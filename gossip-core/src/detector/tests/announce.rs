//! Tests of the delay after which an accuser announces its suspicion.

use super::*;

#[test]
fn announce_delay_leaves_time_to_confirm() {
    let delay = |config, peers| announce_delay(&mut World::new(config, peers)).as_millis();
    // The minimum timeout is nearly 1.5 s times log10(n), and the probe timeout 0.5 s.
    assert_eq!(delay(Config::lan(), 9), 0);
    assert_eq!(delay(Config::lan(), 31), 255);
    assert_eq!(delay(Config::lan(), 999), 1_496);
    assert_eq!(delay(lifeguard(), 999), 0, "as in memberlist");
}

#[test]
fn short_timeout_leaves_no_announce_delay() {
    let timeout = Duration::from_millis(500);
    let mut world =
        World::new(Config::lan().with(|config| config.detector.suspicion_timeout = timeout), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let begun = world.now;
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    assert_eq!(world.now, begun + world.config.detector.probe_timeout * 2);
}

#[test]
fn recent_refutations_delay_the_announcement() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let delay = announce_delay(&mut world);
    let step = delay.max(world.config.detector.probe_timeout * 2);
    let mut delayed = |world: &mut World, seconds| {
        pause(world, &mut detector, seconds);
        until_accused(world, &mut detector, target, Level::Suspect);
        let since = detector.why(&world.table, &target).unwrap().suspected;
        refute(world, &mut detector, target);
        world.now.saturating_duration_since(since).as_millis()
    };
    let expected = |factor: u32| (delay + step * factor).as_millis();
    for (seconds, factor) in [(0, 0), (0, 1), (0, 3), (580, 3), (601, 0), (0, 1)] {
        assert_eq!(delayed(&mut world, seconds), expected(factor), "after {seconds} s");
    }
}

#[test]
fn recent_refutations_leave_time_to_refute_unchanged() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let mut judged = |world: &mut World| {
        until_accused(world, &mut detector, target, Level::Suspect);
        let announced = world.now;
        confirm(world, &mut detector, target);
        until_accused(world, &mut detector, target, Level::Dead);
        refute(world, &mut detector, target);
        world.now.saturating_duration_since(announced)
    };
    let first = judged(&mut world);
    assert_eq!([judged(&mut world), judged(&mut world)], [first, first]);
}

#[test]
fn swim_announces_at_once_despite_refutations() {
    let mut world = World::new(lifeguard(), 1);
    let mut detector = detector(&world);
    for _ in 0..3 {
        until_accused(&mut world, &mut detector, id(1), Level::Suspect);
        assert_eq!(detector.why(&world.table, &id(1)).unwrap().suspected, world.now);
        refute(&mut world, &mut detector, id(1));
    }
}

#[test]
fn delayed_suspicion_counts_normally_once_others_accuse() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    refute(&mut world, &mut detector, target);
    while detector.suspicions.get(&target).is_none() {
        next(&mut world, &mut detector);
    }
    let index = index_of(target);
    // More accusers than the record can name besides this node.
    (1..=4).for_each(|accuser| world.accuse(index, Level::Suspect, accuser));
    detector.on_change(&mut world.cx(), target, false);
    let over = detector.suspicions.next().unwrap();
    let limit = world.config.detector.suspicion_timeout * 24 / 10;
    assert!(over <= world.now + limit, "{over:?} at {:?}", world.now);
}
