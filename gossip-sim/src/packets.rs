//! The buffers of travelling datagrams, which are reused.

/// Identifier of a buffer in [`Packets`].
pub(crate) type Slot = u32;

/// One datagram.
pub(crate) struct Packet {
    /// The source address.
    pub(crate) from: u32,
    /// The destination.
    pub(crate) to: u32,
    len: u32,
    buffer: Box<[u8]>,
}

impl Packet {
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.len as usize]
    }

    /// Returns the whole buffer, to write a datagram into.
    pub(crate) fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// Sets the length of the datagram in the buffer.
    pub(crate) fn set_len(&mut self, len: usize) {
        self.len = len as u32;
    }
}

/// All travelling datagrams. Their number soon settles, after which there are no more allocations.
#[derive(Default)]
pub(crate) struct Packets {
    packets: Vec<Packet>,
    free: Vec<Slot>,
}

impl Packets {
    /// Returns a packet with a buffer of at least `capacity` bytes.
    pub(crate) fn take(&mut self, capacity: usize) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.packets.push(Packet { from: 0, to: 0, len: 0, buffer: Box::default() });
            (self.packets.len() - 1) as Slot
        });
        let buffer = &mut self.packets[slot as usize].buffer;
        if buffer.len() < capacity {
            *buffer = vec![0; capacity].into();
        }
        slot
    }

    /// Returns a copy of a packet.
    pub(crate) fn copy(&mut self, slot: Slot) -> Slot {
        let len = self.packets[slot as usize].len as usize;
        let copy = self.take(len);
        let Ok([original, copied]) = self.packets.get_disjoint_mut([slot as usize, copy as usize])
        else {
            unreachable!("a packet in use is not free")
        };
        copied.buffer[..len].copy_from_slice(&original.buffer[..len]);
        (copied.from, copied.to, copied.len) = (original.from, original.to, original.len);
        copy
    }

    pub(crate) fn get(&mut self, slot: Slot) -> &mut Packet {
        &mut self.packets[slot as usize]
    }

    pub(crate) fn give_back(&mut self, slot: Slot) {
        self.free.push(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again_and_copies_are_equal() {
        let mut packets = Packets::default();
        let first = packets.take(8);
        packets.get(first).buffer()[..3].copy_from_slice(b"abc");
        packets.get(first).set_len(3);
        let copy = packets.copy(first);
        assert_eq!(packets.get(copy).bytes(), b"abc");
        packets.give_back(first);
        assert_eq!(packets.take(100), first);
        assert_eq!(packets.get(first).buffer().len(), 100);
    }
}
