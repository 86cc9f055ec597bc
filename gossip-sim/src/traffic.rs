//! The traffic of nodes.

use std::ops::{AddAssign, Sub};

/// The traffic that one or all nodes sent. Bytes exclude headers of UDP, TCP and IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Datagrams.
    pub datagrams: u64,
    /// Their bytes.
    pub datagram_bytes: u64,
    /// Frames of requests and replies.
    pub frames: u64,
    /// Their bytes with the length prefix, each counted once, without TCP's retransmissions.
    pub frame_bytes: u64,
}

impl Traffic {
    /// Returns the bytes of datagrams and frames.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.datagram_bytes + self.frame_bytes
    }

    pub(crate) const fn datagram(len: usize) -> Self {
        Self { datagrams: 1, datagram_bytes: len as u64, frames: 0, frame_bytes: 0 }
    }

    pub(crate) const fn frame(len: usize) -> Self {
        let frame_bytes = (len + crate::connection::LENGTH_PREFIX) as u64;
        Self { datagrams: 0, datagram_bytes: 0, frames: 1, frame_bytes }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.datagrams += more.datagrams;
        self.datagram_bytes += more.datagram_bytes;
        self.frames += more.frames;
        self.frame_bytes += more.frame_bytes;
    }
}

/// Returns the traffic between two readings.
impl Sub for Traffic {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            datagrams: self.datagrams - earlier.datagrams,
            datagram_bytes: self.datagram_bytes - earlier.datagram_bytes,
            frames: self.frames - earlier.frames,
            frame_bytes: self.frame_bytes - earlier.frame_bytes,
        }
    }
}
