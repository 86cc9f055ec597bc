use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::cluster::{fast, join, node, within};

/// Reads until the node closes the connection; what came until then.
async fn cut_off(mut stream: TcpStream, sent: &[u8]) -> Vec<u8> {
    stream.write_all(sent).await.unwrap();
    let mut received = Vec::new();
    // A reset cuts off as well as an end does.
    let _ = within(stream.read_to_end(&mut received)).await;
    received
}

#[tokio::test]
async fn a_hostile_stream_is_cut_off() {
    let mut config = fast();
    config.request_timeout = std::time::Duration::from_millis(200);
    let gossip = node(1).config(config).start().await.unwrap();
    let address = gossip.local_addr();
    let connect = || async { TcpStream::connect(address).await.unwrap() };

    let too_long = cut_off(connect().await, &u32::MAX.to_be_bytes()).await;
    let garbage = cut_off(connect().await, b"\0\0\0\x07garbage").await;
    let never_ends = cut_off(connect().await, b"\0\0\0\x09never").await;
    assert_eq!((too_long, garbage, never_ends), (vec![], vec![], vec![]));

    // More who say nothing than are served at once; each is cut off in its time.
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(connect().await);
    }
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for length in [0, 1, 5, 1_200, 60_000] {
        stranger.send_to(&vec![0xa5; length], address).await.unwrap();
    }
    let other = node(2).start().await.unwrap();
    join(&other, &gossip).await;
    for stream in idle {
        assert_eq!(cut_off(stream, b"").await, b"");
    }
    assert!(within(other.settled()).await);
}
