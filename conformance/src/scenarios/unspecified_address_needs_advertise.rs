use gossip_driver::Error;

use crate::Adapter;
use crate::wait::joins;

pub(super) fn run(adapter: Adapter) {
    let error = adapter.bind("0.0.0.0:0").start().unwrap_err();
    assert!(matches!(error, Error::Unspecified(_)));
    assert!(error.to_string().contains("`advertise`"));

    let node = adapter.bind("0.0.0.0:0").advertise("127.0.0.1:0").start().unwrap();
    let address = *node.local().address();
    assert_eq!(address, format!("127.0.0.1:{}", node.local_addr().port()).parse().unwrap());
    let other = adapter.node(1).start().unwrap();
    joins(&other, &node);
    joins(&node, &other);
}
