//! Instances of groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Launch;
use crate::model::Time;

/// An instance of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Where it is in its life.
    pub state: MemberState,
    /// What the group thinks of it.
    pub healthy: bool,
    /// Why it is to go, as the cause of the activity that ends it says (`an EC2 health check …`); else empty.
    #[serde(default)]
    pub complaint: String,
    /// Whether scale-in passes it by.
    pub protected: bool,
    /// What it was launched from: it stays that when the group changes.
    pub launch: Launch,
    /// Its zone.
    pub zone: String,
    /// Its type.
    pub instance_type: String,
    /// When the group launched it, or took it in.
    #[serde(default)]
    pub launched: Time,
    /// When it came into service.
    pub in_service: Option<Time>,
    /// What it waits for in `Pending:Wait` or `Terminating:Wait`, by the name of the hook.
    #[serde(default)]
    pub actions: BTreeMap<String, LifecycleAction>,
    /// Whether it ends as soon as its replacement is in service.
    #[serde(default)]
    pub outgoing: bool,
}

impl Member {
    /// A new instance, launched or taken in at `now`.
    pub fn new(launch: Launch, zone: &str, instance_type: &str, now: Time) -> Self {
        Self {
            state: MemberState::Pending,
            healthy: true,
            complaint: String::new(),
            protected: false,
            launch,
            zone: zone.to_owned(),
            instance_type: instance_type.to_owned(),
            launched: now,
            in_service: None,
            actions: BTreeMap::new(),
            outgoing: false,
        }
    }

    /// Whether it is to be replaced: it is unhealthy, or has been there for too long.
    pub fn must_go(&self) -> bool {
        !self.healthy || !self.complaint.is_empty()
    }

    /// Why it is to be replaced, as the cause of an activity says it.
    pub fn reason(&self) -> &str {
        if self.complaint.is_empty() { "a health check failure" } else { &self.complaint }
    }
}

/// A lifecycle action: a hook that an instance waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleAction {
    /// What completes it.
    pub token: String,
    /// When the waiting began.
    pub since: Time,
    /// When the hook's default result holds; a heartbeat puts it off.
    pub deadline: Time,
}

/// Where an instance of a group is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberState {
    /// Launched, on its way.
    Pending,
    /// Running; launch hooks hold it.
    PendingWait,
    /// The hooks have let it go; it is being registered.
    PendingProceed,
    /// Part of the group's capacity. It says nothing about load balancers.
    InService,
    /// On its way out: first it leaves the load balancers, then it is terminated.
    Terminating,
    /// Out of the load balancers; termination hooks hold it.
    TerminatingWait,
    /// The hooks have let it go; it is being terminated.
    TerminatingProceed,
    /// Leaving the group, not its life.
    Detaching,
    /// Leaving the load balancers, not the group.
    EnteringStandby,
    /// In the group, not in its capacity.
    Standby,
    /// Launched into the warm pool, or on its way back to it.
    WarmedPending,
    /// Running; launch hooks hold it on its way into the warm pool.
    WarmedPendingWait,
    /// The hooks have let it go; it is coming to rest.
    WarmedPendingProceed,
    /// At rest in the warm pool.
    WarmedStopped,
    /// At rest in the warm pool.
    WarmedRunning,
    /// At rest in the warm pool.
    WarmedHibernated,
    /// On its way out of the warm pool to its end.
    WarmedTerminating,
    /// Termination hooks hold it.
    WarmedTerminatingWait,
    /// The hooks have let it go; it is being terminated.
    WarmedTerminatingProceed,
}

impl MemberState {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::PendingWait => "Pending:Wait",
            Self::PendingProceed => "Pending:Proceed",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::TerminatingWait => "Terminating:Wait",
            Self::TerminatingProceed => "Terminating:Proceed",
            Self::Detaching => "Detaching",
            Self::EnteringStandby => "EnteringStandby",
            Self::Standby => "Standby",
            Self::WarmedPending => "Warmed:Pending",
            Self::WarmedPendingWait => "Warmed:Pending:Wait",
            Self::WarmedPendingProceed => "Warmed:Pending:Proceed",
            Self::WarmedStopped => "Warmed:Stopped",
            Self::WarmedRunning => "Warmed:Running",
            Self::WarmedHibernated => "Warmed:Hibernated",
            Self::WarmedTerminating => "Warmed:Terminating",
            Self::WarmedTerminatingWait => "Warmed:Terminating:Wait",
            Self::WarmedTerminatingProceed => "Warmed:Terminating:Proceed",
        }
    }

    /// What an activity that leads to this state is called.
    pub fn leaving(self) -> &'static str {
        match self {
            Self::Detaching => "Detaching EC2 instance",
            Self::EnteringStandby => "Moving EC2 instance to Standby",
            Self::WarmedPending => "Moving EC2 instance to warm pool",
            _ => "Terminating EC2 instance",
        }
    }

    /// Whether it counts towards the desired number.
    pub fn counts(self) -> bool {
        self.is_pending() || self == Self::InService
    }

    /// Whether it is on its way into service.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::PendingWait | Self::PendingProceed)
    }

    /// Whether it is on its way to its end.
    pub fn is_terminating(self) -> bool {
        matches!(self, Self::Terminating | Self::TerminatingWait | Self::TerminatingProceed)
    }

    /// Whether it is in the warm pool, on its way there, or on its way from there to its end.
    pub fn is_warm(self) -> bool {
        self.is_resting() || self.is_warm_pending() || self.is_warm_terminating()
    }

    /// Whether it is at rest in the warm pool.
    pub fn is_resting(self) -> bool {
        matches!(self, Self::WarmedStopped | Self::WarmedRunning | Self::WarmedHibernated)
    }

    /// Whether it is on its way into the warm pool.
    pub fn is_warm_pending(self) -> bool {
        matches!(self, Self::WarmedPending | Self::WarmedPendingWait | Self::WarmedPendingProceed)
    }

    /// Whether it is on its way from the warm pool to its end.
    pub fn is_warm_terminating(self) -> bool {
        matches!(self, Self::WarmedTerminating | Self::WarmedTerminatingWait | Self::WarmedTerminatingProceed)
    }
}
