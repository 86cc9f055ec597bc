use gossip_core::{CommandError, Status};
use gossip_driver::{Event, MemberEvent};

use crate::Adapter;
use crate::adapter::id;
use crate::wait::{done, event, sees};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster(3);
    let mut events = nodes[0].events();
    done(nodes[1].leave());

    let end = event(&mut events, |event| match event {
        Event::Member(MemberEvent::Left { member })
        | Event::Member(MemberEvent::Failed { member, .. }) => Some((member.id(), member.status())),
        _ => None,
    });
    assert_eq!(end, (id(2), Status::Left));
    sees(&nodes[2], id(2), Status::Left);

    assert_eq!(nodes[1].set_meta(b"too late"), Err(CommandError::Stopped));
    done(nodes[1].leave());
    done(nodes[1].shutdown());
}
