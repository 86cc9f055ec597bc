//! The cluster of the radio as a WebAssembly module without imports.

use radio::life;

/// Runs the life of a cluster. Returns the number of members that each station knows at the end.
#[unsafe(no_mangle)]
pub extern "C" fn members(stations: u16) -> u32 {
    life(stations, |_| (), |_, _| ()).members
}

/// Runs the life of a cluster. Returns the hash of all frames.
#[unsafe(no_mangle)]
pub extern "C" fn trace(stations: u16) -> u64 {
    life(stations, |_| (), |_, _| ()).trace
}
