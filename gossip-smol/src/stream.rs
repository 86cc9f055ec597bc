//! Requests over TCP: one connection per request, one frame there and one back.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_io::{Async, Timer};
use futures_lite::future::or;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use gossip_core::Request;
use gossip_driver::{Backoff, Engine, frame};

use crate::tasks::Tasks;

/// Serves a bounded number of other nodes at a time. Further connections wait in the backlog.
pub(crate) async fn accept(engine: Arc<Engine>, listener: Async<TcpListener>) {
    let mut serving = Tasks::default();
    let mut backoff = Backoff::new();
    loop {
        if serving.len() >= Engine::MAX_SERVED {
            serving.next().await;
        }
        match serving.run_while(listener.accept()).await {
            Ok((stream, from)) => {
                backoff.worked();
                serving.add(serve(Arc::clone(&engine), stream, from));
            }
            Err(error) => {
                engine.socket_error("accept", &error);
                serving.run_while(Timer::after(backoff.failed())).await;
            }
        }
    }
}

/// Serves a request of another node.
async fn serve(engine: Arc<Engine>, mut stream: Async<TcpStream>, from: SocketAddr) {
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
        let mut stream = Async::<TcpStream>::connect(request.to).await?;
        write(&mut stream, frame).await?;
        read(&mut stream, engine.config().requests.max_frame).await
    };
    match within(engine.time_left(request.deadline), exchanged).await {
        Ok(mut reply) => engine.handle_reply(&request, &mut reply),
        Err(error) => engine.handle_request_failed(&request, &error),
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

/// Reads a frame of at most `max` bytes into a buffer that grows with the bytes that arrive.
async fn read(stream: &mut Async<TcpStream>, max: usize) -> io::Result<Vec<u8>> {
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
