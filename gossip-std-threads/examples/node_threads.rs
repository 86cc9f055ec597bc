//! One node on plain threads. It prints its events, and leaves on Ctrl-C.
//!
//! `cargo run -p gossip-std-threads --example node_threads -- 127.0.0.1:7947 127.0.0.1:7946`

use std::{env, error::Error, process, thread};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let bind = args.next().unwrap_or_else(|| "127.0.0.1:7946".into());
    let seeds: Vec<String> = args.collect();
    let gossip = gossip_std_threads::bind(bind).seeds(&seeds).start()?;
    println!("{:.8} at {}; Ctrl-C leaves", gossip.id(), gossip.local_addr());

    let leaver = gossip.clone();
    ctrlc::set_handler(move || {
        leaver.leave().wait();
        process::exit(0);
    })?;
    let joining = gossip.join(seeds);
    thread::spawn(|| joining.wait().iter().for_each(|outcome| println!("{outcome}")));
    for update in gossip.events().iter() {
        println!("{update}");
    }
    Ok(())
}
