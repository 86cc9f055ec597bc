//! Writes inputs for the target `datagram` that go deep from the start, into a directory.
//! To be called when the wire has changed and what is stored is no longer understood.

#[path = "../../gossip-core/tests/fuzz/mod.rs"]
mod bodies;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let into = PathBuf::from(env::args_os().nth(1).expect("the directory to write to"));
    fs::create_dir_all(&into)?;
    for (number, seed) in bodies::datagram::seeds().enumerate() {
        fs::write(into.join(format!("seed-{number:02}")), seed)?;
    }
    Ok(())
}
