//! The cluster on this machine, and the hash of its frames, which every other machine must match.

use radio::{MEMBERS, life};

fn main() {
    for stations in [2, MEMBERS] {
        life(stations, |_| (), |millis, what| println!("{millis:>6} ms  {what}"));
    }
}
