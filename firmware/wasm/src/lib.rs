//! The cluster of the radio as a WebAssembly module that needs nothing of its host.

use radio::life;

/// Lives through the life of so many stations; how many members each knows in the end.
#[unsafe(no_mangle)]
pub extern "C" fn members(stations: u16) -> u32 {
    life(stations, |_| (), |_, _| ()).members
}

/// Lives through the life of so many stations; the hash of all their frames.
#[unsafe(no_mangle)]
pub extern "C" fn trace(stations: u16) -> u64 {
    life(stations, |_| (), |_, _| ()).trace
}
