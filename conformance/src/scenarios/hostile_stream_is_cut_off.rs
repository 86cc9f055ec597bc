use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use crate::Adapter;
use crate::adapter::calm;
use crate::wait::{LONG, done, joins};

/// Reads until the node closes the connection. Returns the bytes read.
fn cut_off(mut stream: TcpStream, sent: &[u8]) -> Vec<u8> {
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(sent).unwrap();
    let mut received = Vec::new();
    if let Err(error) = stream.read_to_end(&mut received) {
        // A reset cuts off as an end does.
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    received
}

pub(super) fn run(adapter: Adapter) {
    let mut config = calm();
    config.requests.timeout = Duration::from_millis(200);
    let node = adapter.node(1).config(config).start().unwrap();
    let address = node.local_addr();
    let connect = || TcpStream::connect(address).unwrap();

    let too_long = cut_off(connect(), &u32::MAX.to_be_bytes());
    let garbage = cut_off(connect(), b"\0\0\0\x07garbage");
    let never_ends = cut_off(connect(), b"\0\0\0\x09never");
    assert_eq!((too_long, garbage, never_ends), (vec![], vec![], vec![]));

    // More silent connections than the node serves at once: it cuts off each at its timeout.
    let idle: Vec<_> = (0..100).map(|_| connect()).collect();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for length in [0, 1, 5, 1_200, 60_000] {
        stranger.send_to(&vec![0xa5; length], address).unwrap();
    }
    let other = adapter.node(2).start().unwrap();
    joins(&other, &node);
    for stream in idle {
        assert_eq!(cut_off(stream, b""), b"");
    }
    assert!(done(other.settled()));
}
