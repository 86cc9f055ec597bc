//! Framing of requests on a stream: one frame there and one back, each preceded by its length.
//!
//! The length is a big-endian u32. The peer chooses it, so a reader must not reserve that much memory
//! at once: check it with [`length`] and let the buffer grow with the bytes that arrive.

use std::io;

/// Number of length bytes before a frame.
pub const PREFIX: usize = 4;

/// Puts the length in front of `frame`, so that one write sends both.
pub fn wrap(frame: &mut Vec<u8>) {
    // The core writes no frame larger than `Config::max_frame`, which is at most 2^24.
    let prefix = (frame.len() as u32).to_be_bytes();
    frame.splice(..0, prefix);
}

/// Returns the length that `prefix` announces.
///
/// # Errors
///
/// The length exceeds `max` bytes.
pub fn length(prefix: [u8; PREFIX], max: usize) -> io::Result<usize> {
    match u32::from_be_bytes(prefix) as usize {
        length if length <= max => Ok(length),
        length => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame of {length} bytes is larger than the limit of {max}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_follows_its_length() {
        let mut frame = b"frame".to_vec();
        wrap(&mut frame);
        assert_eq!(frame, b"\0\0\0\x05frame");
        assert_eq!(length([0, 0, 0, 5], 5).unwrap(), 5);

        let mut empty = Vec::new();
        wrap(&mut empty);
        assert_eq!(empty, [0; PREFIX]);
    }

    #[test]
    fn length_above_limit_is_refused() {
        assert!(length([0, 0, 0, 6], 5).is_err());
        assert!(length([0xff; PREFIX], 1 << 24).is_err());
    }
}
