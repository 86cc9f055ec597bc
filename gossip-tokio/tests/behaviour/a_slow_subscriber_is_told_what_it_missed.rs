use gossip_tokio::{Event, Update};

use crate::cluster::{cluster, within};

#[tokio::test]
async fn a_slow_subscriber_is_told_what_it_missed() {
    let nodes = cluster(2).await;
    let mut slow = nodes[0].events_with_capacity(3);
    for number in 0..9_u8 {
        nodes[1].set_meta(&[number]).unwrap();
        let seen = nodes[0].until(move |node| node.members().any(|m| m.meta() == [number]));
        assert!(within(seen).await);
    }
    // Subscribes late: the snapshot has it all.
    let mut quick = nodes[0].events();
    let Some(Update::Snapshot(members)) = quick.try_next() else { panic!("no snapshot") };
    assert!(members.iter().any(|member| member.meta() == [8]));
    assert_eq!(quick.try_next(), None);

    assert!(matches!(within(slow.next()).await, Some(Update::Snapshot(_))));
    for number in 0..2 {
        let Some(Update::Event(Event::MemberUpdated(member))) = within(slow.next()).await else {
            panic!("no update")
        };
        assert_eq!(member.meta(), [number]);
    }
    assert_eq!(within(slow.next()).await, Some(Update::Lagged { lost: 7 }));
    let Some(Update::Snapshot(now)) = within(slow.next()).await else { panic!("no snapshot") };
    assert_eq!(now, members);

    within(nodes[0].shutdown()).await;
    assert_eq!(within(slow.next()).await, None);
}
