//! Requests take as long as over TCP.

use std::time::Duration;

use gossip_core::{Config, Delivery, Event, MessageEvent};
use gossip_sim::{Latency, Network, Sim, SimConfig};

const ONE_WAY: Duration = Duration::from_millis(10);

/// Returns the time after which a payload of this size is acknowledged, or fails.
fn send(bytes: usize, disturb: impl FnOnce(&mut Sim)) -> (Duration, Event<u32>) {
    let network = Network { latency: Latency::Constant(ONE_WAY), ..Network::lan() };
    let mut sim = Sim::formed_cluster(4, SimConfig::new(1).network(network), &Config::lan());
    sim.run_for(Duration::from_secs(5));
    sim.record(|told| {
        matches!(
            told.event,
            Event::Message(MessageEvent::Delivered { .. })
                | Event::Message(MessageEvent::Failed { .. })
        )
    });
    disturb(&mut sim);
    let (to, payload) = (sim.id(2), vec![0; bytes]);
    sim.command(1, |node, now| node.send(now, to, &payload, Delivery::Request)).unwrap();
    let took = sim.run_until(Duration::from_secs(60), |sim| !sim.log().is_empty());
    (took.expect("an outcome"), sim.take_log().remove(0).event)
}

#[test]
fn connecting_takes_a_round_trip_and_so_does_the_exchange() {
    let (took, event) = send(100, |_| ());
    assert!(matches!(event, Event::Message(MessageEvent::Delivered { .. })));
    assert_eq!(took, 4 * ONE_WAY);
}

#[test]
fn what_exceeds_the_window_takes_further_round_trips() {
    // 72 segments: 10, 20, 40 and 2.
    let (took, _) = send(100_000, |_| ());
    assert_eq!(took, 10 * ONE_WAY);
}

#[test]
fn a_lost_segment_comes_again_after_200_ms() {
    let (took, event) = send(100, |sim| {
        // No packet reaches the other node until the first and the second SYN are lost.
        let all_but_that = |from, to| (from, to) == (1, 2);
        sim.cut(all_but_that);
        let (to, ignored) = (sim.id(2), b"");
        sim.command(1, |node, now| node.send(now, to, ignored, Delivery::Request)).unwrap();
        sim.run_for(Duration::from_millis(400));
        sim.heal();
        // The third SYN leaves after 600 ms.
        let took = sim.run_until(Duration::from_secs(5), |sim| !sim.log().is_empty());
        assert_eq!(took, Some(Duration::from_millis(200) + 4 * ONE_WAY));
        sim.take_log();
    });
    assert_eq!(
        (took, matches!(event, Event::Message(MessageEvent::Delivered { .. }))),
        (4 * ONE_WAY, true)
    );
}

#[test]
fn a_host_without_the_process_refuses_at_once_and_one_that_is_down_never_answers() {
    let (took, event) = send(100, |sim| sim.exit(2));
    assert!(matches!(event, Event::Message(MessageEvent::Failed { .. })));
    assert_eq!(took, 2 * ONE_WAY);

    let (took, event) = send(100, |sim| sim.crash(2));
    assert!(matches!(event, Event::Message(MessageEvent::Failed { .. })));
    assert_eq!(took, Config::lan().requests.timeout);
}

#[test]
fn a_stalled_server_answers_when_it_is_released() {
    let (took, event) = send(100, |sim| sim.stall(2));
    assert!(matches!(event, Event::Message(MessageEvent::Failed { .. })), "{took:?}");
    let (_, event) = send(100, |sim| {
        sim.stall(2);
        sim.run_for(Duration::from_millis(500));
        sim.resume(2);
    });
    assert!(matches!(event, Event::Message(MessageEvent::Delivered { .. })));
}
