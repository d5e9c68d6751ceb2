//! Instance refreshes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Launch;
use crate::model::Time;
use crate::model::ec2::InstanceId;
use crate::wire::Params;

/// A replacement of a group's instances, some at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub status: RefreshStatus,
    /// Why it waits or has ended, in a sentence; empty where there is nothing to say.
    pub reason: String,
    /// When its first step was taken.
    pub started: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
    /// How it goes about it.
    pub preferences: Preferences,
    /// What new instances are launched from; none: what the group says.
    pub desired: Option<Blueprint>,
    /// The instances it is to replace; those that are gone stay in the list.
    pub old: BTreeSet<InstanceId>,
    /// How many of them were replaced at the last step.
    pub updated: u64,
    /// When that number last grew: an hour without progress ends it.
    pub progressed: Time,
    /// How many checkpoints are behind it.
    pub passed: usize,
    /// Until when it waits at a checkpoint, or bakes.
    pub paused: Option<Time>,
    /// Set once it is rolled back.
    pub rollback: Option<Rollback>,
}

/// What instances are launched from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blueprint {
    /// The launch template, or configuration.
    pub launch: Launch,
    /// The request's `MixedInstancesPolicy`, if there is one.
    pub mixed: Option<Params>,
}

/// How a rollback began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// Why.
    pub reason: String,
    /// When.
    pub started: Time,
    /// How far the refresh was, in percent.
    pub percentage: u64,
    /// How many instances it had yet to replace.
    pub left: u64,
}

/// How a refresh goes about it (RefreshPreferences). Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Of the desired number, so many percent stay healthy.
    pub min: u64,
    /// Of the desired number, so many percent may be there.
    pub max: u64,
    /// Until an instance in service counts as healthy; none: as the group says.
    pub warmup: Option<u64>,
    /// Percentages at which it waits.
    pub checkpoints: Vec<u64>,
    /// For how long.
    pub checkpoint_delay: u64,
    /// How long it watches after the last replacement.
    pub bake: u64,
    /// Whether instances that are launched from the same already are let be.
    pub skip_matching: bool,
    /// Whether it rolls back when it fails.
    pub auto_rollback: bool,
    /// Alarms that make it fail, by name.
    pub alarms: Vec<String>,
    /// What happens to instances that are protected from scale-in: `Wait`, `Refresh` or `Ignore`.
    pub protected: String,
    /// What happens to instances in standby: `Wait`, `Terminate` or `Ignore`.
    pub standby: String,
}

/// How far a refresh is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshStatus {
    /// Not begun.
    Pending,
    /// Replacing.
    InProgress,
    /// All replaced; watching.
    Baking,
    /// Over, and well.
    Successful,
    /// Over; the group has old and new instances.
    Failed,
    /// Waiting for instances that come or go.
    Cancelling,
    /// Over; the group has old and new instances.
    Cancelled,
    /// Replacing new instances by others that are as the old ones.
    RollbackInProgress,
    /// Over; the group has old and new instances.
    RollbackFailed,
    /// Over, and as before.
    RollbackSuccessful,
}

impl RefreshStatus {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Baking => "Baking",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
            Self::RollbackInProgress => "RollbackInProgress",
            Self::RollbackFailed => "RollbackFailed",
            Self::RollbackSuccessful => "RollbackSuccessful",
        }
    }

    /// Whether it still goes on.
    pub fn is_active(self) -> bool {
        self.replaces() || matches!(self, Self::Pending | Self::Baking | Self::Cancelling)
    }

    /// Whether instances are being replaced.
    pub fn replaces(self) -> bool {
        matches!(self, Self::InProgress | Self::RollbackInProgress)
    }
}

impl Preferences {
    /// Whether a replacement is in service before its predecessor goes.
    pub fn launches_first(&self) -> bool {
        self.min == 100 || self.max > 100
    }

    /// How many instances may be there beyond a desired number.
    pub fn surge(&self, desired: u64) -> u64 {
        match self.launches_first() {
            true => (desired * self.max.saturating_sub(100) / 100).max(1),
            false => 0,
        }
    }

    /// How many of a desired number must stay healthy.
    pub fn floor(&self, desired: u64) -> u64 {
        (desired * self.min).div_ceil(100)
    }
}

impl Refresh {
    /// How many instances it replaces up to its next checkpoint.
    pub fn stage(&self) -> u64 {
        let total = self.old.len() as u64;
        match self.preferences.checkpoints.get(self.passed) {
            Some(percent) => (total * percent).div_ceil(100),
            None if self.preferences.checkpoints.is_empty() => total,
            // Behind the last checkpoint there is nothing more to do, even if that was not at 100 percent.
            None => self.preferences.checkpoints.last().map_or(total, |last| (total * last).div_ceil(100)),
        }
    }

    /// Since when instances that were launched are its own.
    pub fn since(&self) -> Time {
        let began = self.rollback.as_ref().map(|rollback| rollback.started).or(self.started);
        began.unwrap_or(self.progressed)
    }

    /// How far it is, in percent.
    pub fn percentage(&self) -> u64 {
        match self.old.len() as u64 {
            0 => 100,
            total => self.updated * 100 / total,
        }
    }
}
