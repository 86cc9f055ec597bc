use gossip_driver::{Event, MemberEvent, Update};

use crate::Adapter;
use crate::adapter::still;
use crate::wait::{LONG, done, until, update};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster_with(2, still());
    let mut slow = nodes[0].events_with_capacity(3);
    for number in 0..9_u8 {
        nodes[1].set_meta(&[number]).unwrap();
        until(&nodes[0], move |node| node.members().any(|member| member.meta() == [number]));
    }
    // A late subscriber finds everything in its snapshot.
    let mut quick = nodes[0].events();
    let Some(Update::Snapshot(members)) = quick.try_next() else { panic!("no snapshot") };
    assert!(members.iter().any(|member| member.meta() == [8]));
    assert_eq!(quick.try_next(), None);

    assert!(matches!(update(&mut slow), Update::Snapshot(_)));
    for number in 0..2 {
        let Update::Event(Event::Member(MemberEvent::Updated { member })) = update(&mut slow)
        else {
            panic!("no update")
        };
        assert_eq!(member.meta(), [number]);
    }
    assert_eq!(update(&mut slow), Update::Lagged { lost: 7 });
    let Update::Snapshot(now) = update(&mut slow) else { panic!("no snapshot") };
    assert_eq!(now, members);

    done(nodes[0].shutdown());
    assert_eq!(slow.wait_timeout(LONG), None);
    assert_eq!(quick.iter().count(), 0);
}
