//! For how long a suspicion is kept secret.

use super::*;

#[test]
fn how_long_a_suspicion_is_kept_secret_leaves_the_others_their_time() {
    let secret = |config, others| secret(&mut World::new(config, others)).as_millis();
    // The least time is 1.5 s times log10(n), nearly, and the probe timeout 0.5 s.
    assert_eq!(secret(Config::lan(), 9), 0);
    assert_eq!(secret(Config::lan(), 31), 255);
    assert_eq!(secret(Config::lan(), 999), 1_496);
    assert_eq!(secret(lifeguard(), 999), 0, "as in memberlist");
}

#[test]
fn where_the_least_time_is_short_an_accuser_tells_at_once() {
    let suspicion = Duration::from_millis(500);
    let mut world =
        World::new(Config::lan().with(|config| config.detector.suspicion_timeout = suspicion), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let begun = world.now;
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    assert_eq!(world.now, begun + world.config.detector.probe_timeout * 2);
}

#[test]
fn who_has_refuted_lately_is_pinged_for_longer_before_all_hear_of_it() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let secret = secret(&mut world);
    let longer = secret.max(world.config.detector.probe_timeout * 2);
    let mut kept = |world: &mut World, pause| {
        sleep(world, &mut detector, pause);
        until_accused(world, &mut detector, target, Level::Suspect);
        let since = detector.why(&world.table, &target).unwrap().suspected;
        refute(world, &mut detector, target);
        world.now.saturating_duration_since(since).as_millis()
    };
    let expected = |factor: u32| (secret + longer * factor).as_millis();
    for (pause, factor) in [(0, 0), (0, 1), (0, 3), (580, 3), (601, 0), (0, 1)] {
        assert_eq!(kept(&mut world, pause), expected(factor), "after {pause} s");
    }
}

#[test]
fn who_has_refuted_lately_has_as_much_time_to_refute_as_others() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    let mut judged = |world: &mut World| {
        until_accused(world, &mut detector, target, Level::Suspect);
        let told = world.now;
        confirm(world, &mut detector, target);
        until_accused(world, &mut detector, target, Level::Dead);
        refute(world, &mut detector, target);
        world.now.saturating_duration_since(told)
    };
    let first = judged(&mut world);
    assert_eq!([judged(&mut world), judged(&mut world)], [first, first]);
}

#[test]
fn memberlist_tells_at_once_whoever_has_refuted() {
    let mut world = World::new(lifeguard(), 1);
    let mut detector = detector(&world);
    for _ in 0..3 {
        until_accused(&mut world, &mut detector, id(1), Level::Suspect);
        assert_eq!(detector.why(&world.table, &id(1)).unwrap().suspected, world.now);
        refute(&mut world, &mut detector, id(1));
    }
}

#[test]
fn a_suspicion_kept_for_longer_counts_as_others_do_once_others_know_of_it() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    refute(&mut world, &mut detector, target);
    while detector.suspicions.get(&target).is_none() {
        next(&mut world, &mut detector);
    }
    let index = index_of(target);
    // More than can be named with us.
    (1..=4).for_each(|accuser| world.accuse(index, Level::Suspect, accuser));
    detector.on_change(&mut world.cx(), target, false);
    let over = detector.suspicions.next().unwrap();
    let least = world.config.detector.suspicion_timeout * 24 / 10;
    assert!(over <= world.now + least, "{over:?} at {:?}", world.now);
}
