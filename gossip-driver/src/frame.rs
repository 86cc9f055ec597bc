//! Requests on a stream: one frame there and one back, each behind its length.
//!
//! The length is a big-endian u32. It is a claim of the peer and not to be trusted with memory:
//! check it with [`length`] and let the buffer grow as the bytes come in.

use std::io;

/// How many bytes of length come before a frame.
pub const PREFIX: usize = 4;

/// Puts the length in front of `frame`, so that both go out in one write.
pub fn wrap(frame: &mut Vec<u8>) {
    // The core makes no frame larger than `Config::max_frame`, which is at most 2^24.
    let prefix = (frame.len() as u32).to_be_bytes();
    frame.splice(..0, prefix);
}

/// The length that `prefix` announces.
///
/// # Errors
///
/// If it is more than `most` bytes.
pub fn length(prefix: [u8; PREFIX], most: usize) -> io::Result<usize> {
    match u32::from_be_bytes(prefix) as usize {
        length if length <= most => Ok(length),
        length => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame of {length} bytes is larger than the limit of {most}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_follows_its_length() {
        let mut frame = b"frame".to_vec();
        wrap(&mut frame);
        assert_eq!(frame, b"\0\0\0\x05frame");
        assert_eq!(length([0, 0, 0, 5], 5).unwrap(), 5);

        let mut empty = Vec::new();
        wrap(&mut empty);
        assert_eq!(empty, [0; PREFIX]);
    }

    #[test]
    fn a_length_above_the_limit_is_refused() {
        assert!(length([0, 0, 0, 6], 5).is_err());
        assert!(length([0xff; PREFIX], 1 << 24).is_err());
    }
}
