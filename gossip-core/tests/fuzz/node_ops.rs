//! A fuzz target with arbitrary commands, faults and times for a few nodes. The nodes exchange only
//! the datagrams and requests that they really send.

use std::time::Duration;

use arbitrary::Arbitrary;
use gossip_core::{Config, Delivery, Epoch, NodeId, Stats};

use super::driven::Input;
use super::net::{Call, Net, Packet, id};

/// Number of hosts.
const HOSTS: usize = 4;

/// The ids of three nodes, and of a fourth that claims to be the first.
const IDS: [u8; HOSTS] = [0, 1, 2, 0];

/// The plan of a run.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Plan {
    setup: Setup,
    steps: Vec<Step>,
}

/// The configuration of the nodes.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Setup {
    requests: bool,
    /// Set if tables and queues have their minimum size.
    narrow: bool,
    /// Set if all options that may be zero are zero.
    hasty: bool,
    /// Set if the epochs are near their maximum.
    late: bool,
    budget: u8,
}

#[derive(Arbitrary, Clone, Debug)]
enum Step {
    /// Time passes, everything arrives, and all timeouts are on time.
    Flow {
        steps: u8,
    },
    /// Time passes, nothing arrives.
    Wait {
        steps: u8,
    },
    /// Time passes without any call.
    Sleep {
        millis: u16,
    },
    Packet {
        index: u8,
        fate: Fate,
    },
    Request {
        index: u8,
        fate: Fate,
    },
    Command {
        host: u8,
        command: Command,
    },
    /// A command comes several times before any output leaves the host.
    Burst {
        host: u8,
        command: Command,
        times: u8,
    },
    /// A host restarts in a new life.
    Restart {
        host: u8,
        address: u8,
    },
    /// A host goes down.
    Stop {
        host: u8,
    },
}

/// The fate of a packet or request under way.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Twice,
    Lost,
    Changed {
        index: u8,
        byte: u8,
    },
    /// It seems to come from another address.
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

/// Runs the target. Returns the counters of the nodes.
pub(crate) fn node_ops(plan: &Plan) -> Vec<Stats> {
    let ids = IDS.map(|host| id(usize::from(host)));
    let epoch = if plan.setup.late { Epoch::MAX.get() - 1 } else { 1 };
    let mut net = Net::new(&ids, epoch, &config(plan.setup));
    net.hosts[HOSTS - 1].up = false;
    for step in &plan.steps {
        run(&mut net, step);
    }
    for _ in 0..64 {
        net.step(true);
    }
    net.hosts.iter().map(|host| *host.driven.node.stats()).collect()
}

fn run(net: &mut Net, step: &Step) {
    match *step {
        Step::Flow { steps } => (0..steps).for_each(|_| net.step(true)),
        Step::Wait { steps } => (0..steps).for_each(|_| net.step(false)),
        Step::Sleep { millis } => net.now = net.now + Duration::from_millis(millis.into()),
        Step::Packet { index, fate } => {
            let index = usize::from(index) % net.packets.len().max(1);
            if let Some(packet) = net.packets.remove(index) {
                deliver(net, packet, fate);
            }
        }
        Step::Request { index, fate } => {
            let index = usize::from(index) % net.calls.len().max(1);
            if let Some(call) = net.calls.remove(index) {
                answer(net, call, fate);
            }
        }
        Step::Command { host, ref command } => {
            net.apply(usize::from(host) % HOSTS, &input(command));
        }
        Step::Burst { host, ref command, times } => {
            net.burst(usize::from(host) % HOSTS, &input(command), times);
        }
        Step::Restart { host, address } => {
            net.restart(usize::from(host) % HOSTS, address_of(address));
        }
        Step::Stop { host } => net.hosts[usize::from(host) % HOSTS].up = false,
    }
}

fn deliver(net: &mut Net, mut packet: Packet, fate: Fate) {
    match fate {
        Fate::Arrives => net.deliver(packet),
        Fate::Twice => net.deliver_twice(packet),
        Fate::Lost => {}
        Fate::Changed { index, byte } => {
            let index = usize::from(index) % packet.bytes.len();
            packet.bytes[index] = byte;
            net.deliver(packet);
        }
        Fate::Moved { from } => {
            packet.from = address_of(from);
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

/// Returns the address of a host, or one of two addresses without a host.
fn address_of(number: u8) -> u32 {
    u32::from(number) % (HOSTS as u32 + 2)
}

fn id_of(host: u8) -> NodeId {
    id(usize::from(host) % HOSTS)
}

fn input(command: &Command) -> Input {
    match *command {
        Command::Join { seed } => Input::Join { seeds: vec![address_of(seed)] },
        Command::SetSeeds { seed } => Input::SetSeeds { seeds: vec![address_of(seed)] },
        Command::SetMeta { len } => Input::SetMeta { meta: vec![len; len.into()] },
        Command::SetAddress { address } => Input::SetAddress { address: address_of(address) },
        Command::Send { to, len, by_request } => {
            let delivery = if by_request { Delivery::Request } else { Delivery::Datagram };
            Input::Send { to: id_of(to), payload: vec![7; len.into()], delivery }
        }
        Command::Forget { host } => Input::Forget { id: id_of(host) },
        Command::Leave => Input::Leave,
    }
}
