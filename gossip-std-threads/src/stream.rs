//! One connection, with the bytes to write and the bytes read.

use std::io::{self, ErrorKind, Read, Write};

use gossip_driver::frame;
use mio::Registry;
use mio::net::TcpStream;

pub(crate) struct Stream {
    socket: TcpStream,
    outgoing: Vec<u8>,
    written: usize,
    /// Grows with the bytes that arrive.
    incoming: Vec<u8>,
}

impl Stream {
    pub(crate) fn new(socket: TcpStream, outgoing: Vec<u8>) -> Self {
        Self { socket, outgoing, written: 0, incoming: Vec::new() }
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) {
        // The socket is closed next, which has the same effect.
        let _ = registry.deregister(&mut self.socket);
    }

    pub(crate) fn has_answer(&self) -> bool {
        !self.outgoing.is_empty()
    }

    pub(crate) fn answer(&mut self, outgoing: Vec<u8>) {
        self.outgoing = outgoing;
    }

    /// Writes as much as the socket takes. Returns whether that was all.
    pub(crate) fn write(&mut self) -> io::Result<bool> {
        if self.written == 0 {
            self.socket.set_nodelay(true)?;
        }
        while self.written < self.outgoing.len() {
            match self.socket.write(&self.outgoing[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.written += written,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::NotConnected => return Ok(false),
                    ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
        Ok(true)
    }

    /// Reads all available bytes. Returns a frame of at most `max` bytes once it is complete.
    pub(crate) fn read(&mut self, max: usize) -> io::Result<Option<&mut [u8]>> {
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(&prefix) = self.incoming.first_chunk() {
                let end = frame::PREFIX + frame::length(prefix, max)?;
                if end <= self.incoming.len() {
                    return Ok(Some(&mut self.incoming[frame::PREFIX..end]));
                }
            }
            match self.socket.read(&mut chunk) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.incoming.extend_from_slice(&chunk[..read]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(None),
                    ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }
}
