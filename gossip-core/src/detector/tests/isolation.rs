//! Tests of isolation: a node that reaches no other member does not accuse.

use super::*;

#[test]
fn isolated_node_probes_unwatched_members() {
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
        assert!(
            world.now < Instant::ORIGIN + Duration::from_secs(120),
            "only {others} unwatched members"
        );
    }
}

#[test]
fn isolated_node_withholds_accusations() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let mut said = Vec::new();
    for _ in 0..2_000 {
        said.extend(next(&mut world, &mut detector).into_iter().filter(|action| {
            matches!(action, Action::Accuse { .. } | Action::Isolated | Action::Reconnected)
        }));
    }
    // The node may accuse one more silent member before it considers itself isolated.
    let accused = said.iter().filter(|action| matches!(action, Action::Accuse { .. })).count();
    assert!(accused <= 2 && said.contains(&Action::Isolated), "{said:?}");
    let isolated = said.iter().skip_while(|action| **action != Action::Isolated);
    assert_eq!(isolated.collect::<Vec<_>>(), [&Action::Isolated], "the last action");
    assert_eq!(world.stats.detector.deaths_declared, 0);
    assert!(world.stats.detector.accusations_withheld > 0);
}

/// Returns a node that is isolated while it has a private suspicion, the suspect, and its index.
fn isolated_with_private_suspicion(world: &mut World) -> (FailureDetector, NodeId, u32) {
    let (mut detector, target, _) = watcher(world);
    let index = index_of(target);
    for _ in 0..2 {
        accuse(world, &mut detector, index, 77);
        refute(world, &mut detector, target);
    }
    world.detector_actions();
    // The target does not answer. Once it is suspected, no member answers.
    while detector.suspicions.get(&target).is_none() {
        let sent = next(world, &mut detector);
        all_answer_but(world, &mut detector, target, &sent);
    }
    while !next(world, &mut detector).contains(&Action::Isolated) {}
    (detector, target, index)
}

/// Leaves the node isolated for some seconds, then makes all members except the suspect answer.
/// Returns whether the node has accused any member.
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
fn reconnected_accuser_pings_before_it_announces() {
    // The node reconnects while it still pings, with and without a pause, and after the timeout.
    for (isolated, paused) in [(0, 0), (3, 0), (3, 60), (20, 0)] {
        let mut world = World::new(Config::lan(), 200);
        let (mut detector, target, index) = isolated_with_private_suspicion(&mut world);
        assert!(!until_reconnected(&mut world, &mut detector, target, isolated));
        assert!(world.stats.detector.accusations_withheld > 0);
        pause(&mut world, &mut detector, paused);
        let mut pinged_at = None;
        loop {
            let sent = next(&mut world, &mut detector);
            all_answer_but(&mut world, &mut detector, target, &sent);
            if sent.iter().any(accuses(target)) {
                break;
            }
            pinged_at = pinged_at.or(sent.iter().any(pings(target)).then_some(world.now));
        }
        assert!(pinged_at.is_some_and(|at| at + Duration::from_millis(200) < world.now));
        // The late announcement leaves the suspect as much time to refute.
        accuse(&mut world, &mut detector, index, 1);
        let min = world.config.detector.suspicion_timeout * 22 / 10;
        let expires_at = detector.suspicions.get(&target).unwrap().expires_at;
        let min = min.saturating_sub(announce_delay(&mut world));
        assert!(expires_at >= world.now + min, "after {isolated} s");
        let announced = world.now;
        let mut pinged = 0;
        while world.now < expires_at {
            let sent = next(&mut world, &mut detector);
            all_answer_but(&mut world, &mut detector, target, &sent);
            pinged += sent.iter().filter(|sent| pings(target)(sent)).count() as u128;
        }
        let lasted = expires_at.saturating_duration_since(announced).as_millis();
        assert!(pinged + 3 >= lasted / 500, "{pinged} pings in {lasted} ms, after {isolated} s");
    }
}

#[test]
fn single_ack_after_isolation_allows_no_verdict() {
    let mut world = World::new(Config::lan(), 20);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    confirm(&mut world, &mut detector, target);
    let end = world.now + Duration::from_secs(60);
    let mut sent = Vec::new();
    while world.now < end {
        sent = next(&mut world, &mut detector);
    }
    // A probe that began during the isolation ends just after the first ack.
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
fn survivors_of_mass_failure_declare_others_dead() {
    // The silence of the dead repeatedly suggests that this node is isolated.
    for (peers, alive, at_least) in [(40, 4, 25), (200, 20, 25)] {
        let mut world = World::new(Config::lan(), peers);
        let (mut detector, ..) = watcher(&mut world);
        let mut isolated = 0;
        let end = world.now + Duration::from_secs(600);
        while world.now < end {
            for action in next(&mut world, &mut detector) {
                match action {
                    Action::Ping { to, nonce, .. } if (1..=alive).any(|index| id(index) == to) => {
                        detector.on_heard(&world.cx(), to);
                        let appointment = Some(Duration::from_secs(8));
                        detector.on_ack(&mut world.cx(), nonce, false, appointment);
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
fn accuser_resumes_after_isolation() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, _) = watcher(&mut world);
    until_accused(&mut world, &mut detector, target, Level::Suspect);
    let heard_at = detector.suspicions.get(&target).unwrap().heard_at;
    while !next(&mut world, &mut detector).contains(&Action::Isolated) {}
    until_reconnected(&mut world, &mut detector, target, 5);
    let end = world.now + Duration::from_secs(5);
    while world.now < end {
        let sent = next(&mut world, &mut detector);
        all_answer_but(&mut world, &mut detector, target, &sent);
    }
    let suspicion = detector.suspicions.get(&target).unwrap();
    assert!(suspicion.heard_at == heard_at && suspicion.evidence.is_some());
}

#[test]
fn isolated_accuser_becomes_bystander_when_others_accuse() {
    // Others accuse during the isolation, at its end, or after a further ping.
    for (accusers, pinged) in [(0, false), (0, true), (1, false), (2, false)] {
        let mut world = World::new(Config::lan(), 200);
        let (mut detector, target, index) = isolated_with_private_suspicion(&mut world);
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
            "its own evidence does not count"
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
fn ack_after_isolation_keeps_suspicion_of_others() {
    let mut world = World::new(Config::lan(), 200);
    let (mut detector, target, index) = isolated_with_private_suspicion(&mut world);
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
    assert!(detector.suspicions.get(&target).is_some(), "other members still accuse it");
}
