//! Requests over TCP: one connection per request, one frame there and one back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gossip_core::Request;
use gossip_driver::{Backoff, Engine, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Converts a listener for tokio.
pub(crate) fn tcp(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Serves a bounded number of other nodes at a time. Further connections wait in the backlog.
pub(crate) async fn accept(engine: Arc<Engine>, listener: TcpListener) {
    let mut serving = JoinSet::new();
    let mut backoff = Backoff::new();
    loop {
        while serving.try_join_next().is_some() {}
        if serving.len() >= Engine::MAX_SERVED {
            serving.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, from)) => {
                backoff.worked();
                serving.spawn(serve(Arc::clone(&engine), stream, from));
            }
            Err(error) => {
                engine.socket_error("accept", &error);
                sleep(backoff.failed()).await;
            }
        }
    }
}

/// Serves a request of another node.
async fn serve(engine: Arc<Engine>, mut stream: TcpStream, from: SocketAddr) {
    let served = async {
        let mut frame = read(&mut stream, engine.config().requests.max_frame).await?;
        let mut reply = Vec::new();
        if engine.handle_request(from, &mut frame, &mut reply) {
            write(&mut stream, reply).await?;
        }
        Ok(())
    };
    if let Err(error) = within(engine.config().requests.timeout, served).await {
        engine.socket_error("serve", &error);
    }
}

/// Makes a request of this node.
pub(crate) async fn exchange(engine: Arc<Engine>, request: Request<SocketAddr>, frame: Vec<u8>) {
    let exchanged = async {
        let mut stream = TcpStream::connect(request.to).await?;
        write(&mut stream, frame).await?;
        read(&mut stream, engine.config().requests.max_frame).await
    };
    match within(engine.time_left(request.deadline), exchanged).await {
        Ok(mut reply) => engine.handle_reply(&request, &mut reply),
        Err(error) => engine.handle_request_failed(&request, &error),
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

/// Reads a frame of at most `max` bytes into a buffer that grows with the bytes that arrive.
async fn read(stream: &mut TcpStream, max: usize) -> io::Result<Vec<u8>> {
    let mut prefix = [0; frame::PREFIX];
    stream.read_exact(&mut prefix).await?;
    let length = frame::length(prefix, max)?;
    let mut frame = Vec::new();
    stream.take(length as u64).read_to_end(&mut frame).await?;
    if frame.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame)
}
