//! Writes inputs for the target `datagram` that go deep from the start, into a directory. Run it
//! when the wire has changed and nodes no longer understand the stored inputs; then, in `fuzz`:
//!
//! ```sh
//! cargo run --example seeds target/corpus
//! cargo +nightly fuzz run --sanitizer none datagram target/corpus -- -max_total_time=600
//! cargo +nightly fuzz run --sanitizer none datagram ../gossip-core/tests/corpus/datagram \
//!     target/corpus -- -set_cover_merge=1 -use_counters=0
//! ```
//!
//! The last command adds to an empty directory as few inputs as give the same coverage. If the
//! replay then misses a kind of message, copy a seed that contains it: the life before an input may
//! have covered the same code. The replay time grows with the number of inputs; a hundred are
//! enough. The other targets go on from their stored inputs.

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
