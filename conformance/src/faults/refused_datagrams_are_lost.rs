use gossip_core::Delivery;

use super::refusals::{Refusal, with};
use crate::Adapter;
use crate::adapter::id;
use crate::wait::{done, joins, message};

pub(super) fn run(adapter: Adapter) {
    let well = adapter.node(1).start().unwrap();
    let too_long = Refusal::of_sends(libc::EMSGSIZE, 1_000, 65_535);
    let no_room = Refusal::of_sends(libc::ENOBUFS, 900, 999);
    with([too_long, no_room], || {
        let hampered = adapter.node(2).start().unwrap();
        joins(&hampered, &well);
        let mut events = well.events();
        for length in [1_050, 950, 10, 1_050, 950, 20] {
            hampered.send(id(1), &vec![7; length], Delivery::Datagram).unwrap();
        }
        for length in [10, 20] {
            assert_eq!(message(&mut events), (id(2), vec![7; length]));
        }
        let mut events = hampered.events();
        well.send(id(2), b"well?", Delivery::Datagram).unwrap();
        assert_eq!(message(&mut events), (id(1), b"well?".to_vec()));
        assert!(done(hampered.settled()));
        done(hampered.leave());
    });
}
