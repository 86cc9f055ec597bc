use gossip_driver::Error;

use crate::Adapter;

pub(super) fn run(adapter: Adapter) {
    let error = adapter.bind("127.0.0.1").start().unwrap_err();
    assert!(matches!(&error, Error::Resolve { name, .. } if name == "127.0.0.1"));
    assert_eq!(error.to_string(), "cannot resolve `127.0.0.1`");
}
