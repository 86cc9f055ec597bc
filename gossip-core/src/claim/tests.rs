//! The own claim by itself.

use alloc::vec::Vec;

use super::*;
use crate::detector::action::Action as DetectorAction;
use crate::member::{Level, Status};
use crate::testing::{World, claim, id};
use crate::{Config, Epoch};

fn own(world: &World) -> Incarnation {
    own_incarnation(world)
}

fn actions(own: &mut OwnClaim<u32>) -> Vec<Action<u32>> {
    core::iter::from_fn(|| own.poll_action()).collect()
}

/// Lets `own` hear of this node a claim of this incarnation, at this address.
fn hear(
    own: &mut OwnClaim<u32>,
    world: &mut World,
    incarnation: Incarnation,
    address: u32,
    accusation: Option<&Accusation>,
) -> bool {
    let Claim { phase, versions, .. } = claim(0, 0);
    let claim = Claim { incarnation, phase, versions, address, meta: &[][..] };
    own.on_record(world, &claim, accusation, false)
}

fn accusation(incarnation: Incarnation, level: Level) -> Accusation {
    Accusation::new(incarnation, level, crate::id::ShortId(1))
}

#[test]
fn accusation_is_refuted_once() {
    let mut world = World::new(Config::lan(), 3);
    let mut claim = OwnClaim::new(&[1; 32]);
    let before = own(&world);
    let suspect = accusation(before, Level::Suspect);
    assert!(hear(&mut claim, &mut world, before, 0, Some(&suspect)));
    assert_eq!(actions(&mut claim), [Action::Accused, Action::Spread]);
    assert_eq!(own(&world).number, before.number + 1);
    // The sender that repeats it has missed the refutation.
    assert!(hear(&mut claim, &mut world, before, 0, Some(&suspect)));
    assert_eq!(actions(&mut claim), []);
    assert_eq!(world.stats.local.refutations, 1);
}

#[test]
fn larger_claim_of_this_life_is_outbid() {
    let mut world = World::new(Config::lan(), 3);
    let mut claim = OwnClaim::new(&[1; 32]);
    let larger = Incarnation { number: 41, ..own(&world) };
    assert!(hear(&mut claim, &mut world, larger, 9, None));
    assert_eq!(actions(&mut claim), [Action::Spread]);
    assert_eq!(own(&world), Incarnation { number: 42, ..larger });
}

#[test]
fn earlier_life_at_own_address_is_outlived() {
    let mut world = World::new(Config::lan(), 3);
    let mut claim = OwnClaim::new(&[1; 32]);
    let earlier = Incarnation { epoch: Epoch::new(7).unwrap(), nonce: 5, number: 3 };
    assert!(hear(&mut claim, &mut world, earlier, 0, None));
    assert_eq!(own(&world).epoch, Epoch::new(8).unwrap());
    assert_eq!(own(&world).nonce, 0, "it is still this life");
}

#[test]
fn silent_rival_is_outlived_and_live_one_wins() {
    for answers in [false, true] {
        let mut world = World::new(Config::lan(), 3);
        let mut claim = OwnClaim::new(&[1; 32]);
        let rival = Incarnation { epoch: Epoch::new(7).unwrap(), nonce: 5, number: 3 };
        assert!(!hear(&mut claim, &mut world, rival, 9, None));
        let mut pings = 0;
        while let Some(at) = claim.next_timeout() {
            world.now = at;
            claim.on_timeout(&mut world, false);
            while let Some(action) = claim.poll_action() {
                match action {
                    Action::PingRival { to: 9, nonce, target_tag } => {
                        pings += 1;
                        assert_eq!(target_tag, world.table.target_tag(&id(0), rival));
                        assert!(!claim.on_rival_ack(nonce ^ 1));
                        if answers {
                            assert!(claim.on_rival_ack(nonce));
                            break;
                        }
                    }
                    Action::Spread => assert!(!answers && own(&world).epoch > rival.epoch),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(pings, if answers { 1 } else { 4 });
        let conflict = answers.then_some(Action::Conflict { address: 9 });
        assert_eq!(actions(&mut claim), conflict.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn leaver_waits_for_witnesses_of_both_stages() {
    let mut world = World::new(Config::lan(), 30);
    let mut claim = OwnClaim::new(&[1; 32]);
    claim.leave(&mut world, false);
    for (status, last) in [(Status::Leaving, false), (Status::Left, true)] {
        assert_eq!(world.table.local().member.status(), status);
        assert_eq!(actions(&mut claim), [Action::Spread]);
        let pings = world.detector_actions();
        for (index, ping) in (1..).zip(&pings[..3]) {
            let &DetectorAction::Ping { to, nonce, .. } = ping else { panic!("{ping:?}") };
            claim.on_farewell_ack(&mut world, to, nonce ^ 1, false);
            claim.on_farewell_ack(&mut world, to, nonce, false);
            assert!(index == 3 || actions(&mut claim).is_empty());
        }
        if last {
            assert_eq!(actions(&mut claim), [Action::Left]);
        }
    }
}

#[test]
fn leaver_gives_up_after_its_timeout() {
    let mut world = World::new(Config::lan(), 30);
    let mut claim = OwnClaim::new(&[1; 32]);
    let start = world.now;
    claim.leave(&mut world, true);
    let mut left = false;
    while !left {
        world.now = claim.next_timeout().unwrap();
        claim.on_timeout(&mut world, true);
        left = actions(&mut claim).contains(&Action::Left);
    }
    assert_eq!(world.now, start + world.config.leave_timeout);
}

#[test]
fn standing_is_answered_like_a_record() {
    let dead = |incarnation| {
        Message::Standing(Standing { incarnation, left: false, accused: Some(Level::Dead) })
    };
    let mut world = World::new(Config::lan(), 3);
    let mut claim = OwnClaim::new(&[1; 32]);
    let first = own(&world);
    assert!(claim.on_message(&mut world, dead(first), false));
    assert_eq!(actions(&mut claim), [Action::Accused, Action::Spread]);
    assert!(!claim.on_message(&mut world, dead(first), false), "refuted already");
    let larger = Incarnation { number: 41, ..first };
    assert!(claim.on_message(&mut world, dead(larger), false));
    assert_eq!(own(&world).number, 42);
    let other = Incarnation { epoch: Epoch::new(9).unwrap(), ..first };
    assert!(!claim.on_message(&mut world, dead(other), false), "its record tells more");
    let left = Message::Standing(Standing { incarnation: other, left: true, accused: None });
    assert!(claim.on_message(&mut world, left, false));
    assert_eq!(own(&world).epoch, Epoch::new(10).unwrap());
}
