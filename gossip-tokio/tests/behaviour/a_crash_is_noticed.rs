use gossip_tokio::{CommandError, Event, Status};

use crate::cluster::{cluster, event, id, sees, within};

#[tokio::test]
async fn a_crash_is_noticed() {
    let nodes = cluster(3).await;
    let mut events = nodes[0].events();
    assert_eq!(nodes[0].forget(id(2)), Err(CommandError::Live));
    within(nodes[1].shutdown()).await;

    let suspected = |event| match event {
        Event::MemberSuspected(member) => Some(member.id()),
        _ => None,
    };
    assert_eq!(event(&mut events, suspected).await, id(2));
    let failed = |event| match event {
        Event::MemberFailed(member) => Some(member.id()),
        _ => None,
    };
    assert_eq!(event(&mut events, failed).await, id(2));
    sees(&nodes[2], id(2), Status::Dead).await;

    nodes[0].forget(id(2)).unwrap();
    let forgotten = |event| match event {
        Event::MemberForgotten(id) => Some(id),
        _ => None,
    };
    assert_eq!(event(&mut events, forgotten).await, id(2));
    assert!(nodes[0].read(|node| node.member(&id(2)).is_none()));
}
