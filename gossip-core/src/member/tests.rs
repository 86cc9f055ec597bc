//! Laws of the member table.

use alloc::vec::Vec;

use core::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::hash::Key;
use crate::id::ShortId;
use crate::rng::Rng;
use crate::{Config, Epoch, Incarnation, Instant, NodeId};

const NOW: Instant = Instant::from_micros(5_000_000);

fn claim(epoch: u64, number: u32, phase: Phase, address: u32) -> Claim<u32, Meta> {
    let incarnation = Incarnation { epoch: Epoch::new(epoch).unwrap(), nonce: 7, number };
    Claim { incarnation, phase, versions: VERSIONS, address, meta: Meta::new() }
}

fn table(config: &Config) -> Table<u32> {
    let own =
        Member { id: NodeId::from_u128(1_000), claim: claim(1, 0, Phase::Up, 0), accusation: None };
    Table::new(own, config, Key::of_cluster("test"), Key::new(1, 2))
}

/// A record to merge: id, claim and accusation.
type News = (u128, Claim<u32, Meta>, Option<Accusation>);

fn news() -> impl Strategy<Value = News> {
    let phase =
        prop_oneof![4 => Just(Phase::Up), 1 => Just(Phase::Leaving), 1 => Just(Phase::Left)];
    let level = prop_oneof![Just(Level::Suspect), Just(Level::Dead)];
    let accusation = prop::option::of((1..3u64, 0..3u32, level, 0..9u32)).prop_map(|accused| {
        accused.map(|(epoch, number, level, accuser)| {
            Accusation::new(claim(epoch, number, Phase::Up, 0).incarnation, level, ShortId(accuser))
        })
    });
    (0..12u128, 1..3u64, 0..3u32, phase, 1..3u32, accusation).prop_map(
        |(id, epoch, number, phase, address, accusation)| {
            (id, claim(epoch, number, phase, address), accusation)
        },
    )
}

fn learn(table: &mut Table<u32>, (id, claim, accusation): &News) -> Merge {
    let id = NodeId::from_u128(*id);
    table.merge(NOW, id, claim, accusation.as_ref(), Duration::ZERO)
}

/// Returns all visible members and their versions, in the order of ids.
fn contents(table: &Table<u32>) -> Vec<(Member<u32>, u32)> {
    let mut all: Vec<_> = table.iter().map(|slot| (slot.member.clone(), slot.version())).collect();
    all.sort_by_key(|(member, _)| member.id);
    all
}

proptest! {
    #[test]
    fn table_ignores_order_and_duplicates_of_news(
        news in prop::collection::vec(news(), 0..60),
        seed in any::<u8>(),
    ) {
        let config = Config::lan();
        let (mut one, mut other) = (table(&config), table(&config));
        let mut rng = Rng::new(&[seed; 32], "test");
        let mut shuffled: Vec<_> = news.iter().chain(&news).collect();
        for index in (1..shuffled.len()).rev() {
            shuffled.swap(index, rng.below(index + 1));
        }
        for news in &news {
            learn(&mut one, news);
        }
        for news in shuffled {
            learn(&mut other, news);
        }
        prop_assert_eq!(contents(&one), contents(&other));
        prop_assert_eq!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn lists_index_and_fingerprint_agree_with_slots(
        news in prop::collection::vec(news(), 0..60),
        late in 0..4u64,
    ) {
        let config = Config::lan().with(|config| config.members.retention = Duration::from_secs(1));
        let mut table = table(&config);
        for news in &news {
            let before = table.get(&NodeId::from_u128(news.0)).map(|slot| slot.member.status());
            if let Merge::Changed(change) = learn(&mut table, news) {
                prop_assert_eq!(change.before, before);
                let after = table.get(&NodeId::from_u128(news.0)).unwrap().member.status();
                prop_assert_eq!(change.after, after);
            }
        }
        while table.expire(NOW + Duration::from_secs(late)).is_some() {}

        let visible: Vec<_> = table.iter().collect();
        let sum = visible.iter().fold(0u64, |sum, slot| sum.wrapping_add(slot.share));
        prop_assert_eq!(table.fingerprint(), sum);
        let local = table.local().member.id;
        let mut live: Vec<_> = visible.iter().map(|slot| &slot.member).filter(|m| m.id != local).collect();
        live.retain(|member| member.status().is_live());
        let mut listed: Vec<_> = table.live().map(|slot| &slot.member).collect();
        live.sort_by_key(|member| member.id);
        listed.sort_by_key(|member| member.id);
        prop_assert_eq!(live, listed);
        for slot in &visible {
            prop_assert_eq!(&table.get(&slot.member.id).unwrap().member, &slot.member);
            prop_assert!(table.all_by_short(slot.short).any(|other| other.member == slot.member));
            let version = merge::version(table.cluster, &slot.member);
            let advert = Advert { short: slot.short, version };
            prop_assert_eq!(table.advert_of(slot.short), Some(advert));
            prop_assert!(late < 1 || slot.member.status().is_live() || slot.member.id == local);
        }
        prop_assert_eq!(table.adverts.iter().flatten().count(), visible.len());
        let walked: Vec<_> = table.range(ShortId(0)).map(|slot| slot.short).collect();
        prop_assert!(walked.is_sorted());
        prop_assert_eq!(walked.len(), visible.len());
    }
}

#[test]
fn departed_member_is_forgotten_after_retention() {
    let config = Config::lan().with(|config| config.members.retention = Duration::from_secs(100));
    let mut table = table(&config);
    let left = claim(1, 0, Phase::Left, 1);
    let id = NodeId::from_u128(3);
    let teach = |table: &mut Table<u32>, at, age| {
        table.merge(at, id, &left, None, Duration::from_secs(age))
    };
    let alone = table.fingerprint();

    // By the oldest record the member left ninety seconds ago.
    assert!(matches!(teach(&mut table, NOW, 20), Merge::Changed(_)));
    assert_eq!(teach(&mut table, NOW, 90), Merge::Known);
    assert_eq!(teach(&mut table, NOW, 10), Merge::Known);
    assert_eq!(table.get(&id).unwrap().age(NOW), Duration::from_secs(90));

    let end = NOW + Duration::from_secs(10);
    assert_eq!(table.expire(end.saturating_sub(Duration::from_micros(1))), None);
    assert_eq!(table.expire(end), Some(id));
    assert_eq!((table.visible(&id).is_none(), table.fingerprint()), (true, alone));
    // The table ignores a late record, from a node that still remembers the member.
    assert_eq!(teach(&mut table, end, 99), Merge::Known);
    assert!(table.visible(&id).is_none());

    // A little later the table forgets the member, and refuses records of its old departure.
    let later = end + Duration::from_secs(60);
    assert_eq!(table.expire(later), None);
    assert!(table.get(&id).is_none());
    assert_eq!(teach(&mut table, later, 160), Merge::Refused { full: false });
    assert_eq!(table.next_expiry(), None);

    // The table accepts a new life at any time.
    let back = claim(2, 0, Phase::Up, 1);
    let merged = table.merge(later, id, &back, None, Duration::ZERO);
    let change = Change { before: None, after: Status::Up, visible: true, news: true };
    assert_eq!(merged, Merge::Changed(change));
}

/// Accuses member 7 several times, each by incarnation, level and accuser. Returns for each whether
/// it is news, or `None` if it changes nothing. Own accusations and merged records must agree.
fn news_of(accusations: &[(u32, Level, u32)]) -> Vec<Option<bool>> {
    let config = Config::lan();
    let [mut accused, mut merged] = [table(&config), table(&config)];
    let life = |number| claim(1, number, Phase::Up, 1);
    for table in [&mut accused, &mut merged] {
        learn(table, &(7, life(0), None));
    }
    let news = accusations.iter().map(|&(number, level, accuser)| {
        let accusation = Accusation::new(life(number).incarnation, level, ShortId(accuser));
        let outcome = accused.accuse(NOW, &NodeId::from_u128(7), &accusation);
        assert_eq!(learn(&mut merged, &(7, life(0), Some(accusation))), outcome);
        match outcome {
            Merge::Changed(change) => Some(change.news),
            _ => None,
        }
    });
    news.collect()
}

#[test]
fn accusers_beyond_the_limit_are_no_news() {
    let suspected = |accuser| (0, Level::Suspect, accuser);
    let news = news_of(&[50, 40, 60, 40, 30, 20, 90].map(suspected));
    // The fourth repeats the second. The fifth fills the list, the sixth replaces another accuser,
    // and the seventh does not.
    let [yes, no] = [Some(true), Some(false)];
    assert_eq!(news, [yes, yes, yes, None, yes, no, None]);

    let mut accusations = [5, 4, 3, 2].map(suspected).to_vec();
    // A verdict, another accuser with it, and the next incarnation.
    accusations.extend([(0, Level::Dead, 9), (0, Level::Dead, 8), (1, Level::Suspect, 7)]);
    assert_eq!(news_of(&accusations), [yes, yes, yes, yes, yes, no, yes]);
}

#[test]
fn end_of_retention_is_news_with_any_accusers() {
    let config = Config::lan().with(|config| config.members.retention = Duration::from_secs(100));
    for accusers in 0..6 {
        let mut table = table(&config);
        let left = claim(1, 0, Phase::Left, 1);
        learn(&mut table, &(7, left.clone(), None));
        for accuser in 0..accusers {
            let level = Level::Suspect;
            let accusation = Accusation::new(left.incarnation, level, ShortId(accuser));
            table.accuse(NOW, &NodeId::from_u128(7), &accusation);
        }
        let id = NodeId::from_u128(7);
        let merged = table.merge(NOW, id, &left, None, Duration::from_secs(100));
        assert!(matches!(merged, Merge::Changed(Change { news: true, .. })), "{accusers}");
    }
}

#[test]
fn full_table_refuses_newcomers_but_not_news() {
    let config = Config::lan().with(|config| config.members.max = 3);
    let mut table = table(&config);
    let up = |id| (id, claim(1, 0, Phase::Up, 1), None);
    assert!(matches!(learn(&mut table, &up(1)), Merge::Changed(_)));
    assert!(matches!(learn(&mut table, &up(2)), Merge::Changed(_)));
    assert_eq!(learn(&mut table, &up(3)), Merge::Refused { full: true });
    assert!(matches!(learn(&mut table, &(2, claim(2, 0, Phase::Up, 1), None)), Merge::Changed(_)));
    assert_eq!(table.len(), 3);
}

#[test]
fn samples_are_distinct_and_short_lists_searched_whole() {
    let mut table = table(&Config::lan());
    for id in 0..200 {
        learn(&mut table, &(id, claim(1, 0, Phase::Up, 1), None));
    }
    let mut rng = Rng::new(&[3; 32], "test");
    let mut drawn = table.sample(&mut rng, 8, |_| true);
    assert_eq!(drawn.len(), 8);
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), 8);

    // The table searches a short list whole.
    for id in 30..200 {
        learn(&mut table, &(id, claim(1, 0, Phase::Left, 1), None));
    }
    let only = NodeId::from_u128(17);
    let drawn = table.sample(&mut rng, 3, |slot| slot.member.id == only);
    assert_eq!(drawn.as_slice(), [only]);
}

#[test]
fn refutation_is_larger_claim_in_same_life() {
    let up = |epoch, number| claim(epoch, number, Phase::Up, 1);
    let against = |number, level| Accusation::new(up(1, number).incarnation, level, ShortId(9));
    let refutations = |accused: &[Accusation], then: &Claim<u32, Meta>| {
        let mut table = table(&Config::lan());
        for accusation in accused {
            learn(&mut table, &(1, up(1, 0), Some(accusation.clone())));
        }
        learn(&mut table, &(1, then.clone(), None));
        table.get(&NodeId::from_u128(1)).unwrap().refutations(NOW)
    };
    let (suspect, dead) = (against(0, Level::Suspect), against(0, Level::Dead));
    assert_eq!(refutations(core::slice::from_ref(&suspect), &up(1, 1)), 1);
    assert_eq!(
        refutations(&[suspect.clone(), dead.clone()], &up(1, 1)),
        1,
        "the verdict was wrong"
    );
    assert_eq!(refutations(&[], &up(1, 1)), 0, "not accused");
    assert_eq!(refutations(&[suspect.clone(), dead], &up(1, 0)), 0, "no larger claim");
    assert_eq!(refutations(&[suspect.clone(), against(5, Level::Suspect)], &up(1, 0)), 0);
    assert_eq!(
        refutations(core::slice::from_ref(&suspect), &claim(1, 1, Phase::Left, 1)),
        0,
        "it left"
    );
    let leaving = claim(1, 0, Phase::Leaving, 1);
    assert_eq!(refutations(core::slice::from_ref(&suspect), &leaving), 0, "same number");
    assert_eq!(
        refutations(core::slice::from_ref(&suspect), &up(2, 0)),
        0,
        "it crashed and came back"
    );

    // A new life forgets the refutations of an earlier one.
    let mut table = table(&Config::lan());
    let counts = [1, 2].map(|epoch| {
        let accusation = Accusation::new(up(epoch, 0).incarnation, Level::Suspect, ShortId(9));
        learn(&mut table, &(1, up(epoch, 0), Some(accusation)));
        learn(&mut table, &(1, up(epoch, 1), None));
        table.get(&NodeId::from_u128(1)).unwrap().refutations(NOW)
    });
    assert_eq!(counts, [1, 1]);
}

#[test]
fn refutation_expires_at_any_clock_origin() {
    let years = |years: u64| Duration::from_secs(years * 365 * 86_400);
    for origin in [0, 136, 425] {
        let then = NOW + years(origin);
        let mut table = table(&Config::lan());
        let up = |number| claim(1, number, Phase::Up, 1);
        let accusation = Accusation::new(up(0).incarnation, Level::Suspect, ShortId(9));
        let one = NodeId::from_u128(1);
        table.merge(then, one, &up(0), Some(&accusation), Duration::ZERO);
        table.merge(then, one, &up(1), None, Duration::ZERO);
        let after = |seconds| then + Duration::from_secs(seconds);
        let slot = table.get(&one).unwrap();
        assert_eq!([0, 599, 600].map(|seconds| slot.refutations(after(seconds))), [1, 1, 0]);
    }
}
