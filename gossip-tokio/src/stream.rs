//! Requests over TCP: a connection for each, one frame there and one back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gossip_core::Request;
use gossip_driver::{Backoff, Shared, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Hands a listener to tokio.
pub(crate) fn tcp(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Serves others, a bounded number at a time; the rest waits in the backlog.
pub(crate) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut serving = JoinSet::new();
    let mut backoff = Backoff::new();
    loop {
        while serving.try_join_next().is_some() {}
        if serving.len() >= Shared::MAX_SERVED {
            serving.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, from)) => {
                backoff.worked();
                serving.spawn(serve(Arc::clone(&shared), stream, from));
            }
            Err(error) => {
                shared.socket_error("accept", &error);
                sleep(backoff.failed()).await;
            }
        }
    }
}

/// Serves one request.
async fn serve(shared: Arc<Shared>, mut stream: TcpStream, from: SocketAddr) {
    let served = async {
        let mut frame = read(&mut stream, shared.config().requests.max_frame).await?;
        let mut reply = Vec::new();
        if shared.serve(from, &mut frame, &mut reply) {
            write(&mut stream, reply).await?;
        }
        Ok(())
    };
    if let Err(error) = within(shared.config().requests.timeout, served).await {
        shared.socket_error("serve", &error);
    }
}

/// Makes one request.
pub(crate) async fn exchange(shared: Arc<Shared>, request: Request<SocketAddr>, frame: Vec<u8>) {
    let exchanged = async {
        let mut stream = TcpStream::connect(request.to).await?;
        write(&mut stream, frame).await?;
        read(&mut stream, shared.config().requests.max_frame).await
    };
    match within(shared.time_left(request.deadline), exchanged).await {
        Ok(mut reply) => shared.reply(&request, &mut reply),
        Err(error) => shared.request_failed(&request, &error),
    }
}

async fn within<T>(
    limit: std::time::Duration,
    exchange: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    timeout(limit, exchange).await.unwrap_or_else(|elapsed| Err(elapsed.into()))
}

async fn write(stream: &mut TcpStream, mut frame: Vec<u8>) -> io::Result<()> {
    frame::wrap(&mut frame);
    stream.set_nodelay(true)?;
    stream.write_all(&frame).await
}

/// Reads a frame of at most `most` bytes into a buffer that grows as they come in.
async fn read(stream: &mut TcpStream, most: usize) -> io::Result<Vec<u8>> {
    let mut prefix = [0; frame::PREFIX];
    stream.read_exact(&mut prefix).await?;
    let length = frame::length(prefix, most)?;
    let mut frame = Vec::new();
    stream.take(length as u64).read_to_end(&mut frame).await?;
    if frame.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame)
}
