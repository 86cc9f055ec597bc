//! A kernel that refuses certain system calls of one thread.

use std::thread;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// The positions of arguments of `sendto` and `recvfrom`.
const LENGTH: u8 = 2;
const ADDRESS: u8 = 4;

/// A system call that the kernel refuses with this error.
pub(super) struct Refusal {
    call: i64,
    error: i32,
    conditions: Vec<SeccompCondition>,
}

impl Refusal {
    /// Refuses to send datagrams of this size.
    pub(super) fn of_sends(error: i32, min: u64, max: u64) -> Self {
        let conditions =
            vec![when(LENGTH, SeccompCmpOp::Ge, min), when(LENGTH, SeccompCmpOp::Le, max)];
        Self { call: libc::SYS_sendto, error, conditions }
    }

    /// Refuses to receive datagrams.
    pub(super) fn of_receives(error: i32) -> Self {
        Self { call: libc::SYS_recvfrom, error, conditions: Vec::new() }
    }

    fn program(self) -> BpfProgram {
        // The same calls, without an address, read and write streams.
        let mut conditions = self.conditions;
        conditions.push(when(ADDRESS, SeccompCmpOp::Ne, 0));
        let rule = SeccompRule::new(conditions).expect("there are conditions");
        let refuse = SeccompAction::Errno(self.error.cast_unsigned());
        let arch = std::env::consts::ARCH.try_into().expect("the machine is a known one");
        let rules = [(self.call, vec![rule])].into_iter().collect();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch);
        filter.and_then(TryInto::try_into).expect("the filter is small")
    }
}

fn when(argument: u8, is: SeccompCmpOp, value: u64) -> SeccompCondition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, is, value).expect("there are six")
}

/// Runs `scenario` on a thread for which the kernel refuses these calls, as it does for all threads
/// that begin there. Skips the scenario where the system does not allow that.
pub(super) fn with(refusals: impl IntoIterator<Item = Refusal>, scenario: impl FnOnce() + Send) {
    let programs: Vec<_> = refusals.into_iter().map(Refusal::program).collect();
    let refused = move || {
        for program in &programs {
            if let Err(error) = apply_filter(program) {
                return eprintln!("skipped: no system call may be refused here: {error}");
            }
        }
        scenario();
    };
    let ended = thread::scope(|scope| scope.spawn(refused).join());
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}
