use gossip_core::{CommandError, Status};
use gossip_driver::{Event, MemberEvent};

use crate::Adapter;
use crate::adapter::{id, watchful};
use crate::wait::{done, event, sees};

pub(super) fn run(adapter: Adapter) {
    let nodes = adapter.cluster_with(3, watchful());
    let mut events = nodes[0].events();
    done(nodes[1].shutdown());

    // On a busy machine other nodes may be suspected as well.
    event(&mut events, |event| match event {
        Event::Member(MemberEvent::Suspected { member }) => (member.id() == id(2)).then_some(()),
        _ => None,
    });
    event(&mut events, |event| match event {
        Event::Member(MemberEvent::Failed { member, .. }) => (member.id() == id(2)).then_some(()),
        _ => None,
    });
    sees(&nodes[2], id(2), Status::Dead);

    assert_eq!(nodes[0].forget(id(1)), Err(CommandError::Live));
    nodes[0].forget(id(2)).unwrap();
    event(&mut events, |event| match event {
        Event::Member(MemberEvent::Forgotten { id: forgotten }) => {
            (forgotten == id(2)).then_some(())
        }
        _ => None,
    });
    assert!(nodes[0].member(&id(2)).is_none());
}
