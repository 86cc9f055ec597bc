use gossip_driver::Error;

use crate::Adapter;

pub(super) fn run(adapter: Adapter) {
    let first = adapter.node(1).start().unwrap();
    let error = adapter.bind(first.local_addr()).start().unwrap_err();
    assert!(matches!(error, Error::Bind { address, .. } if address == first.local_addr()));
    assert_eq!(error.to_string(), format!("cannot bind {}", first.local_addr()));
}
