//! All actions: the only way in which machines act on each other and on the network.

use crate::{detector, repair, rumor};

/// An action of any machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Detector(detector::action::Action),
    Rumor(rumor::action::Action),
    Repair(repair::action::Action),
}

impl From<detector::action::Action> for Action {
    fn from(action: detector::action::Action) -> Self {
        Self::Detector(action)
    }
}

impl From<rumor::action::Action> for Action {
    fn from(action: rumor::action::Action) -> Self {
        Self::Rumor(action)
    }
}

impl From<repair::action::Action> for Action {
    fn from(action: repair::action::Action) -> Self {
        Self::Repair(action)
    }
}
