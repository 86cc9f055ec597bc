//! Plain counters, one for each reason and kind.

/// What a node did since it was made. Counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Datagrams handed out by `poll_transmit`.
    pub datagrams_sent: u64,
    /// Their bytes, without UDP and IP headers.
    pub datagram_bytes_sent: u64,
    /// Datagrams that were accepted.
    pub datagrams_received: u64,
    /// Their bytes.
    pub datagram_bytes_received: u64,
    /// Requests handed out by `poll_request`.
    pub requests_sent: u64,
    /// Bytes of request frames handed out and of reply frames written.
    pub frame_bytes_sent: u64,
    /// Requests of others that were answered.
    pub requests_received: u64,
    /// Bytes of request and reply frames that were accepted.
    pub frame_bytes_received: u64,
    /// Requests that timed out or failed.
    pub requests_failed: u64,
    /// Messages sent, by kind (`docs/protocol.md`): `[1]` counts pings, and so on.
    pub messages_sent: [u64; 32],
    /// Messages received, by kind; `[31]` counts those of unknown kinds, which were skipped.
    pub messages_received: [u64; 32],

    /// Refused: shorter than an envelope.
    pub rejected_too_short: u64,
    /// Refused: too long.
    pub rejected_too_long: u64,
    /// Refused: another major version, or flags unknown here.
    pub rejected_version: u64,
    /// Refused: another cluster.
    pub rejected_cluster: u64,
    /// Refused: malformed.
    pub rejected_malformed: u64,
    /// Refused: an answer to nothing.
    pub rejected_unexpected: u64,

    /// Probe rounds begun.
    pub probes: u64,
    /// Probe rounds that ended without an answer.
    pub probes_failed: u64,
    /// Probes answered by request while datagrams were lost.
    pub probes_rescued_by_request: u64,
    /// Pings for a node that is not, or no longer, we.
    pub pings_misdirected: u64,
    /// Payloads for a node, or a life, that is not ours.
    pub payloads_refused: u64,
    /// Accusations withheld because nobody answered us.
    pub accusations_withheld: u64,
    /// Watchers called because nobody came to an appointment for long.
    pub watchers_called: u64,
    /// Suspicions this node raised itself.
    pub suspicions_raised: u64,
    /// Verdicts this node reached itself.
    pub deaths_declared: u64,
    /// Accusations against ourselves that we refuted.
    pub refutations: u64,
    /// Own pauses (suspend, overload) that were noticed and forgiven to the others.
    pub pauses: u64,

    /// Records that were new to us.
    pub records_learned: u64,
    /// Records that brought nothing new.
    pub records_known: u64,
    /// Synchronisations begun with another member.
    pub syncs: u64,

    /// Newcomers refused because the table is full.
    pub members_refused: u64,
    /// Rumours dropped because too many were hot; reconciliation repairs it.
    pub rumors_dropped: u64,
    /// Advertised rumours not asked for because too many questions are open.
    pub wants_dropped: u64,
    /// Indirect probes refused because too many are being relayed.
    pub relays_dropped: u64,
    /// Records and comparisons not sent because too much repair waits for its pace; they are asked
    /// for again.
    pub repairs_deferred: u64,
    /// Datagrams dropped because too many wait to be sent.
    pub transmits_dropped: u64,
    /// Requests not made because too many are open.
    pub requests_dropped: u64,
    /// Answers cut short because the asker's address is not verified (no amplification).
    pub answers_limited: u64,
    /// Records too large for a datagram of this node's budget.
    pub records_oversize: u64,
    /// Events lost because nobody fetched them.
    pub events_lost: u64,
}
