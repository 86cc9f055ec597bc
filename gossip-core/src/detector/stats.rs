//! Counters of the failure detector.

use super::message::{ACK, INDIRECT_ACK, NACK, PING, PING_REQUEST};
use crate::stats::{counters, message_counters};

counters! {
    /// Counters of the failure detector.
    DetectorStats {
        /// Probes begun.
        probes,
        /// Probes that ended without an answer.
        probes_failed,
        /// Probes answered by request after their datagrams were lost.
        probes_rescued_by_request,
        /// Received pings for another node or an earlier life of this one.
        pings_misdirected,
        /// Accusations withheld because no member answered this node.
        accusations_withheld,
        /// Watchers called because none came to an appointment in time.
        watchers_called,
        /// Suspicions that this node raised.
        suspicions_raised,
        /// Members that this node declared dead.
        deaths_declared,
        /// Indirect probes refused because this node relayed too many already.
        relays_dropped,
    }
}

message_counters! {
    /// Messages of the failure detector.
    DetectorMessages {
        /// Pings.
        ping = PING,
        /// Acks.
        ack = ACK,
        /// Requests to ping a third member.
        ping_request = PING_REQUEST,
        /// Acks that a relay passed on.
        indirect_ack = INDIRECT_ACK,
        /// Reports of a relay that its target has not answered.
        nack = NACK,
    }
}
