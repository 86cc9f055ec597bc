//! A custom network stack: two nodes over smoltcp's UDP, on a cable in memory. There is no socket
//! of an operating system and no reliable carrier, and the clock is a counter. So all runs are
//! equal.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use gossip_core::{Config, Epoch, Event, Instant, Local, MemberEvent, Node, NodeId};
use smoltcp::iface::{Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{HardwareAddress, IpCidr};

const PORT: u16 = 7946;

/// The largest IP packet that the cable carries.
const MTU: usize = 1_500;

/// Time that a packet travels.
const LATENCY: Duration = Duration::from_millis(2);

/// A host's end of the cable.
#[derive(Default)]
struct Port {
    received: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
}

struct Received(Vec<u8>);

struct Sending<'a>(&'a mut VecDeque<Vec<u8>>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl phy::TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        self.0.push_back(packet);
        result
    }
}

impl Device for Port {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: smoltcp::time::Instant) -> Option<(Received, Sending<'_>)> {
        let packet = self.received.pop_front()?;
        Some((Received(packet), Sending(&mut self.sent)))
    }

    fn transmit(&mut self, _: smoltcp::time::Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

/// A node, and the stack below it.
struct Host {
    node: Node,
    port: Port,
    interface: Interface,
    sockets: SocketSet<'static>,
    udp: SocketHandle,
}

impl Host {
    fn new(number: u8) -> Self {
        let address = address(number);
        let mut port = Port::default();
        let config = smoltcp::iface::Config::new(HardwareAddress::Ip);
        let mut interface = Interface::new(config, &mut port, smoltcp::time::Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(address.ip().into(), 24)).expect("there is room for one");
        });
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 16], vec![0; 16 * MTU]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.bind(PORT).expect("the port is free");
        let mut sockets = SocketSet::new(Vec::new());
        let udp = sockets.add(socket);

        let local = Local::new(id(number), Epoch::new(1).expect("small"), address).cluster("cable");
        let config = Config::lan().with(|config| config.requests.enabled = false);
        let node = Node::new(Instant::ORIGIN, local, config, [number; 32]).expect("valid");
        Self { node, port, interface, sockets, udp }
    }

    /// Runs one turn: packets in, deadlines, datagrams out, events to the screen.
    fn turn(&mut self, now: Instant) {
        let stack_now = smoltcp::time::Instant::from_micros(now.as_micros() as i64);
        self.interface.poll(stack_now, &mut self.port, &mut self.sockets);

        let socket = self.sockets.get_mut::<Socket<'_>>(self.udp);
        let mut buf = [0; MTU];
        while let Ok((len, from)) = socket.recv_slice(&mut buf) {
            let from = SocketAddr::new(from.endpoint.addr.into(), from.endpoint.port);
            let _ = self.node.handle_datagram(now, &from, &mut buf[..len]); // counted in its stats
        }
        if self.node.poll_timeout().is_some_and(|due| due <= now) {
            self.node.handle_timeout(now);
        }
        while let Some(transmit) = self.node.poll_transmit(now, &mut buf) {
            let _ = socket.send_slice(transmit.bytes, transmit.to); // full: lost, as on any network
        }
        while let Some(event) = self.node.poll_event() {
            self.tell(now, &event);
        }
        self.interface.poll(stack_now, &mut self.port, &mut self.sockets);
    }

    fn tell(&self, now: Instant, event: &Event<SocketAddr>) {
        let what = match event {
            Event::Member(MemberEvent::Up { member }) => format!("{} is up", member.address()),
            Event::Member(MemberEvent::Suspected { member }) => {
                format!("{} is suspected", member.address())
            }
            Event::Member(MemberEvent::Refuted { member }) => format!("{} lives", member.address()),
            Event::Member(MemberEvent::Failed { member, .. }) => {
                format!("{} is lost", member.address())
            }
            _ => return,
        };
        let seconds = Duration::from_micros(now.as_micros()).as_secs_f64();
        println!("{seconds:7.3} s  {}: {what}", self.node.local().address());
    }
}

/// Two hosts and the cable between them.
struct Cable {
    now: Instant,
    hosts: [Host; 2],
    unplugged: bool,
}

impl Cable {
    /// Carries or loses the packets sent, and moves the time to the next event.
    fn step(&mut self) {
        let [one, other] = &mut self.hosts;
        one.turn(self.now);
        other.turn(self.now);
        let plugged = !self.unplugged;
        other.port.received.extend(one.port.sent.drain(..).filter(|_| plugged));
        one.port.received.extend(other.port.sent.drain(..).filter(|_| plugged));
        let busy = self.hosts.iter().any(|host| !host.port.received.is_empty());
        let arrival = busy.then(|| self.now + LATENCY);
        let timeouts = self.hosts.iter().filter_map(|host| host.node.poll_timeout());
        self.now = timeouts.chain(arrival).min().expect("nobody leaves").max(self.now);
    }

    /// Runs until each node sees this many live peers and all output is printed. Panics if that
    /// takes more than `seconds`.
    fn run_until_peers(&mut self, peers: usize, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        let done = |Host { node, .. }: &Host| node.live_peers() == peers && node.is_settled();
        while !self.hosts.iter().all(done) {
            assert!(self.now < end, "not {peers} peers after {seconds} s");
            self.step();
        }
    }
}

fn id(number: u8) -> NodeId {
    NodeId::from_u128(number.into())
}

fn address(number: u8) -> SocketAddr {
    (IpAddr::from(Ipv4Addr::new(10, 0, 0, number)), PORT).into()
}

fn main() {
    let mut cable =
        Cable { now: Instant::ORIGIN, hosts: [Host::new(1), Host::new(2)], unplugged: false };

    cable.hosts[1].node.join(Instant::ORIGIN, [address(1)]);
    cable.run_until_peers(1, 10);
    println!("They have met.");

    cable.unplugged = true;
    cable.run_until_peers(0, 60);
    println!("Each has lost the other.");

    cable.unplugged = false;
    cable.run_until_peers(1, 60);
    let [one, other] = &cable.hosts;
    assert!(one.node.member(&id(2)).is_some_and(|member| member.status().is_live()));
    assert_eq!(one.node.fingerprint(), other.node.fingerprint());
    println!("They have found each other again, and agree.");
}

#[test]
fn nodes_over_custom_stack_recover_from_partition() {
    main();
}
