//! Arbitrary commands, faults and times on a few nodes that exchange what they really send.

use std::time::Duration;

use arbitrary::Arbitrary;
use gossip_core::{Config, Delivery, Epoch, NodeId, Stats};

use super::driven::Input;
use super::net::{Call, Net, Packet, id};

/// Three nodes, and a fourth that claims to be the first.
const HOSTS: usize = 4;
const IDS: [u8; HOSTS] = [0, 1, 2, 0];

/// Everything that happens in one run.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Plan {
    setup: Setup,
    steps: Vec<Step>,
}

/// How the nodes are configured.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Setup {
    requests: bool,
    /// Whether tables and queues are as small as they may be.
    narrow: bool,
    /// Whether what can be zero is.
    hasty: bool,
    /// Whether epochs are near their end.
    late: bool,
    budget: u8,
}

#[derive(Arbitrary, Clone, Debug)]
enum Step {
    /// Time passes, everything arrives and nobody is late.
    Flow {
        steps: u8,
    },
    /// Time passes, nothing arrives.
    Wait {
        steps: u8,
    },
    /// Time passes, and nobody notices until later.
    Sleep {
        millis: u16,
    },
    Packet {
        place: u8,
        fate: Fate,
    },
    Request {
        place: u8,
        fate: Fate,
    },
    Command {
        host: u8,
        command: Command,
    },
    /// Many times before anything leaves.
    Burst {
        host: u8,
        command: Command,
        times: u8,
    },
    /// A new life.
    Restart {
        host: u8,
        address: u8,
    },
    /// Goes down as it is.
    Stop {
        host: u8,
    },
}

/// What becomes of what is under way.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Twice,
    Lost,
    Changed {
        place: u8,
        byte: u8,
    },
    /// Seems to come from another address.
    Moved {
        from: u8,
    },
}

#[derive(Arbitrary, Clone, Debug)]
enum Command {
    Join { seed: u8 },
    SetSeeds { seed: u8 },
    SetMeta { len: u8 },
    SetAddress { address: u8 },
    Send { to: u8, len: u16, by_request: bool },
    Forget { host: u8 },
    Leave,
}

fn config(setup: Setup) -> Config {
    let mut config = Config::lan();
    config.requests.enabled = setup.requests;
    config.datagram_budget = 256 + 4 * usize::from(setup.budget);
    config.members.retention = Duration::from_secs(30);
    if setup.narrow {
        config.members.max = 3;
        config.queues.max_events = 16;
        config.queues.max_transmits = 16;
        config.requests.max_in_flight = 1;
        config.requests.max_frame = 4_096;
    }
    if setup.hasty {
        config.rumors.coalesce_delay = Duration::ZERO;
        config.leave_timeout = Duration::ZERO;
        config.detector.max_local_health = 0;
        config.detector.indirect_probes = 0;
    }
    config
}

/// Takes all steps; what the nodes then have counted.
pub(crate) fn node_ops(plan: &Plan) -> Vec<Stats> {
    let ids = IDS.map(|host| id(usize::from(host)));
    let epoch = if plan.setup.late { Epoch::MAX.get() - 1 } else { 1 };
    let mut net = Net::new(&ids, epoch, &config(plan.setup));
    net.hosts[HOSTS - 1].up = false;
    for step in &plan.steps {
        take(&mut net, step);
    }
    for _ in 0..64 {
        net.step(true);
    }
    net.hosts.iter().map(|host| *host.driven.node.stats()).collect()
}

fn take(net: &mut Net, step: &Step) {
    match *step {
        Step::Flow { steps } => (0..steps).for_each(|_| net.step(true)),
        Step::Wait { steps } => (0..steps).for_each(|_| net.step(false)),
        Step::Sleep { millis } => net.now = net.now + Duration::from_millis(millis.into()),
        Step::Packet { place, fate } => {
            let place = usize::from(place) % net.packets.len().max(1);
            if let Some(packet) = net.packets.remove(place) {
                meet(net, packet, fate);
            }
        }
        Step::Request { place, fate } => {
            let place = usize::from(place) % net.calls.len().max(1);
            if let Some(call) = net.calls.remove(place) {
                answer(net, call, fate);
            }
        }
        Step::Command { host, ref command } => {
            net.apply(usize::from(host) % HOSTS, &input(command));
        }
        Step::Burst { host, ref command, times } => {
            net.burst(usize::from(host) % HOSTS, &input(command), times);
        }
        Step::Restart { host, address } => net.restart(usize::from(host) % HOSTS, place(address)),
        Step::Stop { host } => net.hosts[usize::from(host) % HOSTS].up = false,
    }
}

fn meet(net: &mut Net, mut packet: Packet, fate: Fate) {
    match fate {
        Fate::Arrives => net.deliver(packet),
        Fate::Twice => net.deliver_twice(packet),
        Fate::Lost => {}
        Fate::Changed { place, byte } => {
            let place = usize::from(place) % packet.bytes.len();
            packet.bytes[place] = byte;
            net.deliver(packet);
        }
        Fate::Moved { from } => {
            packet.from = place(from);
            net.deliver(packet);
        }
    }
}

fn answer(net: &mut Net, call: Call, fate: Fate) {
    match fate {
        Fate::Lost => net.fail(call),
        _ => net.answer(call),
    }
}

/// One of a few addresses: those of the hosts, and some where nobody is.
fn place(address: u8) -> u32 {
    u32::from(address) % (HOSTS as u32 + 2)
}

fn whom(host: u8) -> NodeId {
    id(usize::from(host) % HOSTS)
}

fn input(command: &Command) -> Input {
    match *command {
        Command::Join { seed } => Input::Join { seeds: vec![place(seed)] },
        Command::SetSeeds { seed } => Input::SetSeeds { seeds: vec![place(seed)] },
        Command::SetMeta { len } => Input::SetMeta { meta: vec![len; len.into()] },
        Command::SetAddress { address } => Input::SetAddress { address: place(address) },
        Command::Send { to, len, by_request } => {
            let delivery = if by_request { Delivery::Request } else { Delivery::Datagram };
            Input::Send { to: whom(to), payload: vec![7; len.into()], delivery }
        }
        Command::Forget { host } => Input::Forget { id: whom(host) },
        Command::Leave => Input::Leave,
    }
}
