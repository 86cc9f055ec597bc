//! Writes inputs for the target `datagram` that go deep from the start, into a directory. To be
//! called when the wire has changed and what is stored is no longer understood; then, in `fuzz`,
//!
//! ```sh
//! cargo run --example seeds target/corpus
//! cargo +nightly fuzz run --sanitizer none datagram target/corpus -- -max_total_time=600
//! cargo +nightly fuzz run --sanitizer none datagram ../gossip-core/tests/corpus/datagram \
//!     target/corpus -- -set_cover_merge=1 -use_counters=0
//! ```
//!
//! where the last one adds to an empty directory as few inputs as reach all that was reached. If the
//! replay then misses a kind of message, which the life before an input may reach as well, copy a
//! seed that brings it. The replay takes as long as there are inputs: a hundred are enough. For the
//! other targets, what is stored is where to go on from.

#[path = "../../gossip-core/tests/fuzz/mod.rs"]
mod bodies;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let into = PathBuf::from(env::args_os().nth(1).expect("the directory to write to"));
    fs::create_dir_all(&into)?;
    for (number, seed) in bodies::datagram::seeds().enumerate() {
        fs::write(into.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}
