//! Suspicion: how long a suspect has to refute.

use core::time::Duration;

use super::Detector;
use crate::action::Context;
use crate::member::{Accusation, Accusers};
use crate::{Address, Config, Incarnation, Instant, NodeId};

/// A suspicion under way.
#[derive(Debug)]
pub(crate) struct Suspicion {
    started: Instant,
    pub(super) incarnation: Incarnation,
}

impl Suspicion {
    pub(super) fn postpone(&mut self, pause: Duration) {
        self.started = self.started + pause;
    }
}

impl Detector {
    /// Begins a suspicion, or shortens it if there are more accusers now.
    pub(super) fn suspect<A: Address>(
        &mut self,
        cx: &Context<'_, A>,
        id: NodeId,
        accusation: &Accusation,
    ) {
        let incarnation = accusation.incarnation;
        let same = self.suspicions.get(&id).filter(|s| s.incarnation == incarnation);
        let started = same.map_or(cx.now, |suspicion| suspicion.started);
        let cluster = cx.table.live().len() + 1;
        let time = timeout(cx.config, cluster, accusation.accusers.as_slice().len());
        self.suspicions.set(
            id,
            (started + time).max(cx.now + Duration::from_micros(1)),
            Suspicion { started, incarnation },
        );
    }
}

/// Lifeguard's LHA-Suspicion: from its maximum down to its minimum with the logarithm of the
/// number of independent accusers.
fn timeout(config: &Config, cluster: usize, accusers: usize) -> Duration {
    // log10(n) = log2(n) * 0.301; at least one, as in memberlist.
    let log10 = (log2(cluster) * 77 / 256).max(256);
    let least = config.suspicion * log10 / 256;
    let most = least * u32::from(config.suspicion_max_mult);
    // As many confirmations as should be had for a verdict at the earliest moment: Lifeguard's K
    // of three, which is what a record can name, and not more than the cluster can give.
    let wanted = (Accusers::MOST - 1).min(cluster.saturating_sub(2));
    let confirmations = accusers.saturating_sub(1).min(wanted);
    if wanted == 0 {
        return least;
    }
    most - (most - least) * log2(confirmations + 1) / log2(wanted + 1)
}

/// The logarithm to base 2 in 256ths, linear between powers of two; 0 for 0. Integers, so that
/// every target agrees.
fn log2(n: usize) -> u32 {
    let Some(whole) = n.checked_ilog2() else { return 0 };
    let fraction = ((n as u64) << 8 >> whole) as u32 & 0xff;
    whole * 256 + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_from_most_to_least_as_others_confirm() {
        let config = Config::lan().lifeguard();
        let seconds: Vec<_> =
            (1..=4).map(|accusers| timeout(&config, 100, accusers).as_millis()).collect();
        // log10(100) is 505/256 here, 1.4 % below the truth: five times that is the least.
        assert_eq!(seconds, [59_179, 34_521, 20_097, 9_863]);
    }

    #[test]
    fn two_nodes_cannot_confirm_each_other() {
        assert_eq!(timeout(&Config::lan(), 2, 1), Duration::from_millis(1_500));
    }

    #[test]
    fn logarithms() {
        assert_eq!([0, 1, 2, 3, 4, 1024].map(log2), [0, 0, 256, 384, 512, 2560]);
    }

    use alloc::vec::Vec;
}
