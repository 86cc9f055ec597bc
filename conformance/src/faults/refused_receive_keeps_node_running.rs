use gossip_core::{Delivery, Status};

use super::refusals::{Refusal, with};
use crate::Adapter;
use crate::adapter::{id, still};
use crate::wait::{done, sees, until};

pub(super) fn run(adapter: Adapter) {
    // No node probes, so none suspects the silent one.
    let well = adapter.node(1).config(still()).start().unwrap();
    with([Refusal::of_receives(libc::ECONNREFUSED)], || {
        let deaf = adapter.node(2).config(still()).start().unwrap();
        // The node hears no answer, but others hear it.
        let joining = deaf.join([well.local_addr()]);
        sees(&well, id(2), Status::Up);
        assert!(done(joining)[0].result.is_err());
        assert_eq!(deaf.stats().traffic.datagrams_received, 0);

        // The node still hears streams.
        well.send(id(2), b"by TCP", Delivery::Request).unwrap();
        // Another node may have probed it as well.
        until(&deaf, |node| node.stats().traffic.requests_received >= 1);
        done(deaf.shutdown());
    });
}
