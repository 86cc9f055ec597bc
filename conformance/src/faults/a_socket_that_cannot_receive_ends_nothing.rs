use gossip_core::{Delivery, Status};

use super::refusals::{Refusal, with};
use crate::Adapter;
use crate::adapter::{id, still};
use crate::wait::{done, sees, until};

pub(super) fn run(adapter: Adapter) {
    // Who does not answer is suspected by nobody.
    let well = adapter.node(1).config(still()).start().unwrap();
    with([Refusal::of_receives(libc::ECONNREFUSED)], || {
        let deaf = adapter.node(2).config(still()).start().unwrap();
        // It hears no answer, but it is heard.
        let joining = deaf.join([well.local_addr()]);
        sees(&well, id(2), Status::Up);
        assert!(done(joining)[0].result.is_err());
        assert_eq!(deaf.stats().traffic.datagrams_received, 0);

        // What comes as a stream it hears.
        well.send(id(2), b"by TCP", Delivery::Request).unwrap();
        // It may have been probed as well.
        until(&deaf, |node| node.stats().traffic.requests_received >= 1);
        done(deaf.shutdown());
    });
}
