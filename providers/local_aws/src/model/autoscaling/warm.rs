//! Warm pools.

use serde::{Deserialize, Serialize};

use super::MemberState;

/// Instances that a group keeps ready for when it grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmPool {
    /// Never fewer.
    pub min: u64,
    /// So many together with those in service; none: the group's maximum.
    pub prepared: Option<u64>,
    /// How they wait.
    pub state: PoolState,
    /// Whether instances that the group no longer needs come back here.
    pub reuse: bool,
    /// Set while it is being deleted.
    pub deleting: bool,
}

/// How instances of a warm pool wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolState {
    /// Stopped.
    Stopped,
    /// Running, taking no requests.
    Running,
    /// Stopped with their memory kept; the model makes no difference.
    Hibernated,
}

impl PoolState {
    /// The state that AWS calls so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "Stopped" => Some(Self::Stopped),
            "Running" => Some(Self::Running),
            "Hibernated" => Some(Self::Hibernated),
            _ => None,
        }
    }

    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stopped => "Stopped",
            Self::Running => "Running",
            Self::Hibernated => "Hibernated",
        }
    }

    /// The state of an instance that waits like this.
    pub fn resting(self) -> MemberState {
        match self {
            Self::Stopped => MemberState::WarmedStopped,
            Self::Running => MemberState::WarmedRunning,
            Self::Hibernated => MemberState::WarmedHibernated,
        }
    }
}

impl WarmPool {
    /// How many instances it keeps beside a group of `desired` that may have `max`.
    pub fn size(&self, desired: u64, max: u64) -> u64 {
        match self.deleting {
            true => 0,
            false => self.prepared.unwrap_or(max).saturating_sub(desired).max(self.min),
        }
    }
}
