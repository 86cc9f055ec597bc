use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, connect, socket};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Adapter;
use crate::adapter::id;
use crate::wait::{LONG, done, joins, message};

/// A guard: until it is dropped, this process can open no more files.
struct NoFiles(Rlimit);

impl NoFiles {
    fn new() -> Self {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..before }).unwrap();
        Self(before)
    }
}

impl Drop for NoFiles {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).unwrap();
    }
}

pub(super) fn run(adapter: Adapter) {
    let nodes = [1, 2].map(|number| adapter.node(number).start().unwrap());
    joins(&nodes[1], &nodes[0]);
    // The connecting node needs only a file that is open already.
    let file = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let mut received = [0; 1];

    let no_files = NoFiles::new();
    connect(&file, &nodes[0].local_addr()).unwrap();
    let mut stream = TcpStream::from(file);
    stream.write_all(b"\0\0\0\x07garbage").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let waits = stream.read(&mut received).unwrap_err().kind();
    assert!(matches!(waits, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waits}");
    // In this time datagrams come and go, and requests fail.
    let mut events = nodes.each_ref().map(|node| node.events());
    nodes[0].send(id(2), b"still here", gossip_core::Delivery::Datagram).unwrap();
    assert_eq!(message(&mut events[1]), (id(1), b"still here".to_vec()));
    drop(no_files);

    stream.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(stream.read(&mut received).unwrap(), 0, "it is served, which is to be cut off");
    for (from, to) in [(0, 1), (1, 0)] {
        nodes[from].send(nodes[to].id(), b"by TCP", gossip_core::Delivery::Request).unwrap();
        assert_eq!(message(&mut events[to]), (nodes[from].id(), b"by TCP".to_vec()));
    }
    for node in &nodes {
        done(node.leave());
    }
}
