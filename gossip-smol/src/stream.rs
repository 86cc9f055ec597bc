//! Requests over TCP: a connection for each, one frame there and one back.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_io::{Async, Timer};
use futures_lite::future::or;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use gossip_core::Request;
use gossip_driver::{Backoff, Shared, frame};

use crate::tasks::Tasks;

/// Serves others, a bounded number at a time; the rest waits in the backlog.
pub(crate) async fn accept(shared: Arc<Shared>, listener: Async<TcpListener>) {
    let mut serving = Tasks::default();
    let mut backoff = Backoff::new();
    loop {
        if serving.len() >= Shared::MAX_SERVED {
            serving.one().await;
        }
        match serving.meanwhile(listener.accept()).await {
            Ok((stream, from)) => {
                backoff.worked();
                serving.add(serve(Arc::clone(&shared), stream, from));
            }
            Err(error) => {
                shared.socket_error("accept", &error);
                serving.meanwhile(Timer::after(backoff.failed())).await;
            }
        }
    }
}

/// Serves one request.
async fn serve(shared: Arc<Shared>, mut stream: Async<TcpStream>, from: SocketAddr) {
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
        let mut stream = Async::<TcpStream>::connect(request.to).await?;
        write(&mut stream, frame).await?;
        read(&mut stream, shared.config().requests.max_frame).await
    };
    match within(shared.time_left(request.deadline), exchanged).await {
        Ok(mut reply) => shared.reply(&request, &mut reply),
        Err(error) => shared.request_failed(&request, &error),
    }
}

async fn within<T>(
    limit: Duration,
    exchange: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let elapsed = async {
        Timer::after(limit).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    or(exchange, elapsed).await
}

async fn write(stream: &mut Async<TcpStream>, mut frame: Vec<u8>) -> io::Result<()> {
    frame::wrap(&mut frame);
    stream.get_ref().set_nodelay(true)?;
    stream.write_all(&frame).await
}

/// Reads a frame of at most `most` bytes into a buffer that grows as they come in.
async fn read(stream: &mut Async<TcpStream>, most: usize) -> io::Result<Vec<u8>> {
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
