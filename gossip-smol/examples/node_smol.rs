//! One node on smol. It prints its events, and leaves on Ctrl-C.
//!
//! `cargo run -p gossip-smol --example node_smol -- 127.0.0.1:7947 127.0.0.1:7946`

use std::{env, error::Error, process};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let bind = args.next().unwrap_or_else(|| "127.0.0.1:7946".into());
    let seeds: Vec<String> = args.collect();
    smol::block_on(async {
        let (gossip, driver) = gossip_smol::bind(bind).seeds(&seeds).start().await?;
        smol::spawn(driver).detach();
        println!("{:.8} at {}; Ctrl-C leaves", gossip.id(), gossip.local_addr());

        let leaver = gossip.clone();
        ctrlc::set_handler(move || {
            leaver.leave().wait();
            process::exit(0);
        })?;
        let joining = gossip.join(seeds);
        smol::spawn(async { joining.await.iter().for_each(|outcome| println!("{outcome}")) })
            .detach();
        let mut events = gossip.events();
        while let Some(update) = events.next().await {
            println!("{update}");
        }
        Ok(())
    })
}
