//! Who reaches nobody judges nobody.

use super::*;

#[test]
fn who_reaches_nobody_tries_others_than_those_whom_it_watches() {
    let mut world = World::new(Config::lan(), 40);
    let (mut detector, ..) = watcher(&mut world);
    let watched = (1..=40).filter(|&index| detector.schedule.target(id(index)).ring.is_some());
    let watched: Vec<_> = watched.map(id).collect();
    let mut others = 0;
    while others < 5 {
        for action in next(&mut world, &mut detector) {
            match action {
                Action::Ping { to, .. } if detector.is_isolated() && !watched.contains(&to) => {
                    others += 1;
                }
                Action::PingRequest { nonce, .. } => detector.on_nack(nonce),
                _ => {}
            }
        }
        assert!(world.now < Instant::ORIGIN + Duration::from_secs(120), "it tried {others}");
    }
}

#[test]
fn who_hears_of_nobody_judges_nobody() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let mut told = Vec::new();
    for _ in 0..2_000 {
        told.extend(next(&mut world, &mut detector).into_iter().filter(|action| {
            matches!(action, Action::Accuse { .. } | Action::Isolated | Action::Reconnected)
        }));
    }
    // The first of those whom it reached no longer is accused too; then it doubts itself.
    let accused = told.iter().filter(|action| matches!(action, Action::Accuse { .. })).count();
    assert!(accused <= 2 && told.contains(&Action::Isolated), "{told:?}");
    let isolated = told.iter().skip_while(|action| **action != Action::Isolated);
    assert_eq!(isolated.collect::<Vec<_>>(), [&Action::Isolated], "and says no more");
    assert_eq!(world.stats.detector.deaths_declared, 0);
    assert!(world.stats.detector.accusations_withheld > 0);
}

/// A node that keeps a suspicion to itself and then reaches nobody any more: it, its suspect, and
/// the suspect's index.
fn isolated_with_a_secret(world: &mut World) -> (FailureDetector, NodeId, u32) {
    let (mut detector, target, _) = watcher(world);
    let index = index_of(target);
    for _ in 0..2 {
        accuse(world, &mut detector, index, 77);
        refute(world, &mut detector, target);
    }
    world.detector_actions();
    // The target does not answer, and once it is suspected in secret nobody does.
    while detector.suspicions.get(&target).is_none() {
        let sent = next(world, &mut detector);
        all_answer_but(world, &mut detector, target, &sent);
    }
    while !next(world, &mut detector).contains(&Action::Isolated) {}
    (detector, target, index)
}

/// Lets it be isolated for so long, then all answer but the suspect. Whether it has accused anybody.
fn until_reconnected(
    world: &mut World,
    detector: &mut FailureDetector,
    target: NodeId,
    seconds: u64,
) -> bool {
    let end = world.now + Duration::from_secs(seconds);
    let mut said = world.detector_actions();
    while detector.is_isolated() {
        let sent = next(world, detector);
        if world.now >= end {
            all_answer_but(world, detector, target, &sent);
        }
        said.extend(sent);
    }
    said.extend(world.detector_actions());
    said.iter().any(|said| matches!(said, Action::Accuse { .. }))
}

#[test]
fn who_reached_nobody_asks_once_more_before_all_hear_of_its_secret() {
    // While it goes on to ping, also if all of us sleep then, and when the suspicion's time is over.
    for (isolated, pause) in [(0, 0), (3, 0), (3, 60), (20, 0)] {
        let mut world = World::new(Config::lan(), 200);
        let (mut detector, target, index) = isolated_with_a_secret(&mut world);
        assert!(!until_reconnected(&mut world, &mut detector, target, isolated));
        assert!(world.stats.detector.accusations_withheld > 0);
        sleep(&mut world, &mut detector, pause);
        let mut asked = None;
        loop {
            let sent = next(&mut world, &mut detector);
            all_answer_but(&mut world, &mut detector, target, &sent);
            if sent.iter().any(accuses(target)) {
                break;
            }
            asked = asked.or(sent.iter().any(pings(target)).then_some(world.now));
        }
        assert!(asked.is_some_and(|asked| asked + Duration::from_millis(200) < world.now));
        // Who is told so late has as much time as ever to refute.
        accuse(&mut world, &mut detector, index, 1);
        let least = world.config.detector.suspicion_timeout * 22 / 10;
        let over = detector.suspicions.get(&target).unwrap().expires_at;
        assert!(over >= world.now + least.saturating_sub(secret(&mut world)), "after {isolated} s");
        let told = world.now;
        let mut pinged = 0;
        while world.now < over {
            let sent = next(&mut world, &mut detector);
            all_answer_but(&mut world, &mut detector, target, &sent);
            pinged += sent.iter().filter(|sent| pings(target)(sent)).count() as u128;
        }
        let lasted = over.saturating_duration_since(told).as_millis();
        assert!(pinged + 3 >= lasted / 500, "{pinged} pings in {lasted} ms, after {isolated} s");
    }
}

#[test]
fn one_answer_after_an_isolation_is_not_enough_for_a_verdict() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    confirm(&mut world, &mut detector, target);
    let end = world.now + Duration::from_secs(60);
    let mut sent = Vec::new();
    while world.now < end {
        sent = next(&mut world, &mut detector);
    }
    // A probe that began when nobody was reached ends just after somebody has answered.
    let nonce = detector.probe(&mut world.cx(), ProbeTarget::unwatched(target)).unwrap();
    while detector.probes.get(&nonce).unwrap().relays < 9 {
        sent.extend(next(&mut world, &mut detector));
    }
    all_answer_but(&mut world, &mut detector, target, &sent);
    assert!(!detector.is_isolated());
    world.detector_actions();
    while detector.probes.get(&nonce).is_some() {
        next(&mut world, &mut detector);
    }
    assert_eq!(world.stats.detector.deaths_declared, 0);
    until_accused(&mut world, &mut detector, target, Level::Dead);
}

#[test]
fn where_most_have_died_at_once_who_is_left_declares_them_dead() {
    // The dead make it seem that it is we who are cut off, again and again.
    for (peers, left, at_least) in [(40, 4, 25), (200, 20, 25)] {
        let mut world = World::new(Config::lan(), peers);
        let (mut detector, ..) = watcher(&mut world);
        let mut isolated = 0;
        let end = world.now + Duration::from_secs(600);
        while world.now < end {
            for action in next(&mut world, &mut detector) {
                match action {
                    Action::Ping { to, nonce, .. } if (1..=left).any(|index| id(index) == to) => {
                        detector.on_heard(&world.cx(), to);
                        let again = Some(Duration::from_secs(8));
                        detector.on_ack(&mut world.cx(), nonce, false, again);
                    }
                    Action::Accuse { id, accusation } => {
                        let index = (1..=peers).find(|&index| crate::testing::id(index) == id);
                        world.accuse(index.unwrap(), Level::Suspect, 77);
                        let now = world.now;
                        world.table.accuse(now, &id, &accusation);
                        detector.on_change(&mut world.cx(), id, false);
                    }
                    Action::Isolated => isolated += 1,
                    _ => {}
                }
            }
        }
        let died = world.stats.detector.deaths_declared;
        assert!(isolated > 5 && died >= at_least, "{isolated} times isolated, {died} declared");
    }
}

#[test]
fn who_has_accused_goes_on_to_after_an_isolation() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let known = detector.suspicions.get(&target).unwrap().heard_at;
    while !next(&mut world, &mut detector).contains(&Action::Isolated) {}
    until_reconnected(&mut world, &mut detector, target, 5);
    let end = world.now + Duration::from_secs(5);
    while world.now < end {
        let sent = next(&mut world, &mut detector);
        all_answer_but(&mut world, &mut detector, target, &sent);
    }
    let suspicion = detector.suspicions.get(&target).unwrap();
    assert!(suspicion.heard_at == known && suspicion.evidence.is_some());
}

#[test]
fn who_reaches_nobody_stands_by_while_others_accuse() {
    // They do while it is isolated, or at once when it is no longer, or when it has pinged anew.
    for (accusers, pinged) in [(0, false), (0, true), (1, false), (2, false)] {
        let mut world = World::new(Config::lan(), 200);
        let (mut detector, target, index) = isolated_with_a_secret(&mut world);
        for accuser in 0..accusers {
            accuse(&mut world, &mut detector, index, accuser);
        }
        assert!(!until_reconnected(&mut world, &mut detector, target, 20));
        let mut waits = pinged;
        while waits {
            let sent = next(&mut world, &mut detector);
            all_answer_but(&mut world, &mut detector, target, &sent);
            waits = !sent.iter().any(pings(target));
        }
        accuse(&mut world, &mut detector, index, 78);
        assert!(
            !world.detector_actions().iter().any(accuses(target)),
            "no failure that it could speak of"
        );
        let first = loop {
            let sent = next(&mut world, &mut detector);
            (1..=4).for_each(|other| detector.on_heard(&world.cx(), id(other)));
            all_answer_but(&mut world, &mut detector, target, &sent);
            let mut said = sent.into_iter();
            let accused = said.find_map(|said| match said {
                Action::Accuse { id, accusation } if id == target => Some(accusation.level),
                _ => None,
            });
            if let Some(level) = accused {
                break level;
            }
        };
        assert_eq!(first, Level::Suspect);
    }
}

#[test]
fn a_suspect_that_answers_who_was_isolated_is_suspected_by_others_still() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, index) = isolated_with_a_secret(&mut world);
    accuse(&mut world, &mut detector, index, 78);
    let nonce = loop {
        let pinged = next(&mut world, &mut detector).into_iter().find_map(|action| match action {
            Action::Ping { to, nonce, .. } if to == target => Some(nonce),
            _ => None,
        });
        if let Some(nonce) = pinged {
            break nonce;
        }
    };
    assert_eq!(detector.on_ack(&mut world.cx(), nonce, false, None), Some(target));
    assert!(!detector.is_isolated());
    assert!(detector.suspicions.get(&target).is_some(), "it may die all the same");
}
