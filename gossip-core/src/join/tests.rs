//! Joining by itself.

use super::*;
use crate::testing::{World, id};

fn seeds(world: &World) -> Seeds<u32> {
    Seeds::new(world.now, &world.config, &[3; 32])
}

fn actions(seeds: &mut Seeds<u32>) -> Vec<Action<u32>> {
    core::iter::from_fn(|| seeds.poll_action()).collect()
}

fn nonces(actions: &[Action<u32>]) -> Vec<(u32, u32)> {
    let join = |action: &Action<u32>| match action {
        Action::Join { to, nonce } => (*to, *nonce),
        other => panic!("{other:?}"),
    };
    actions.iter().map(join).collect()
}

#[test]
fn join_contacts_silent_seeds_again() {
    let mut world = World::new(Config::lan(), 0);
    let mut seeds = seeds(&world);
    let join = seeds.join(&mut world.cx(), [7, 8].into());
    let first = nonces(&actions(&mut seeds));
    assert_eq!(first.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [7, 8]);

    let welcome = Welcome { nonce: first[0].1, id: id(7), admitted: true };
    seeds.on_welcome(&mut world.cx(), welcome);
    assert_eq!(actions(&mut seeds), [Action::CatchUp]);

    world.now = seeds.next_timeout(&world.table).unwrap();
    seeds.on_timeout(&mut world.cx());
    assert_eq!(nonces(&actions(&mut seeds)), first[1..], "only the silent one, by the same nonce");

    world.now = world.now + world.config.join.timeout;
    seeds.on_timeout(&mut world.cx());
    let outcomes = [(7, Ok(id(7))), (8, Err(JoinError::NoAnswer))].into();
    assert_eq!(actions(&mut seeds), [Action::Finished { id: join, outcomes }]);
    assert!(seeds.is_idle());
}

#[test]
fn own_address_answers_with_own_id() {
    let mut world = World::new(Config::lan(), 0);
    let mut seeds = seeds(&world);
    let join = seeds.join(&mut world.cx(), [0].into());
    let outcomes = [(0, Ok(id(0)))].into();
    assert_eq!(actions(&mut seeds), [Action::Finished { id: join, outcomes }]);
}

#[test]
fn refusal_ends_join_without_catch_up() {
    let mut world = World::new(Config::lan(), 0);
    let mut seeds = seeds(&world);
    let join = seeds.join(&mut world.cx(), [7].into());
    let nonce = nonces(&actions(&mut seeds))[0].1;
    let forged = Welcome { nonce: nonce ^ 1, id: id(9), admitted: true };
    seeds.on_welcome(&mut world.cx(), forged);
    assert_eq!(actions(&mut seeds), [], "nobody asked that node");
    seeds.on_welcome(&mut world.cx(), Welcome { nonce, id: id(7), admitted: false });
    let outcomes = [(7, Err(JoinError::Refused))].into();
    assert_eq!(actions(&mut seeds), [Action::Finished { id: join, outcomes }]);
}

#[test]
fn reconnect_alternates_between_dead_and_absent_seeds() {
    let mut world = World::new(Config::lan(), 3);
    let mut seeds = seeds(&world);
    seeds.set([2, 50].into());
    world.accuse(1, crate::member::Level::Dead, 9);
    let (mut dead, mut absent) = (0, 0);
    for _ in 0..40 {
        world.now = seeds.next_timeout(&world.table).unwrap();
        seeds.on_timeout(&mut world.cx());
        for action in world.detector_actions() {
            let DetectorAction::Ping { to, attach, .. } = action else { panic!("{action:?}") };
            assert_eq!((to, attach), (id(1), Some(id(1))), "with the record that it can refute");
            dead += 1;
        }
        for (to, nonce) in nonces(&actions(&mut seeds)) {
            assert_eq!((to, nonce), (50, seeds.nonce), "a live member is at 2");
            absent += 1;
        }
    }
    assert!(dead > 10 && absent > 10, "{dead} {absent}");
    assert_eq!(dead + absent, 40);
}

#[test]
fn stopping_ends_all_joins() {
    let mut world = World::new(Config::lan(), 0);
    let mut seeds = seeds(&world);
    for seed in [7, 8] {
        seeds.join(&mut world.cx(), [seed].into());
    }
    actions(&mut seeds);
    seeds.stop();
    assert!(matches!(actions(&mut seeds)[..], [Action::Finished { .. }, Action::Finished { .. }]));
}
