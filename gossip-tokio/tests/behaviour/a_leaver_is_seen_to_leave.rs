use gossip_tokio::{CommandError, Event, Status};

use crate::cluster::{cluster, event, id, sees, within};

#[tokio::test]
async fn a_leaver_is_seen_to_leave() {
    let nodes = cluster(3).await;
    let mut events = nodes[0].events();
    within(nodes[1].leave()).await;

    let end = |event| match event {
        Event::MemberLeft(member) | Event::MemberFailed(member) => {
            Some((member.id(), member.status()))
        }
        _ => None,
    };
    assert_eq!(event(&mut events, end).await, (id(2), Status::Left));
    sees(&nodes[2], id(2), Status::Left).await;

    assert_eq!(nodes[1].set_meta(b"too late"), Err(CommandError::Stopped));
    within(nodes[1].leave()).await;
    within(nodes[1].shutdown()).await;
}
