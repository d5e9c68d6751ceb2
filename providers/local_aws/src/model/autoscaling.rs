//! What Auto Scaling remembers.

mod hook;
mod member;
mod refresh;
mod warm;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::Time;
use super::ec2::{InstanceId, TemplateId};
use crate::wire::Params;

pub use hook::{Consumer, Hook, HookResult, Transition};
pub use member::{LifecycleAction, Member, MemberState};
pub use refresh::{Blueprint, Preferences, Refresh, RefreshStatus, Rollback};
pub use warm::{PoolState, WarmPool};

/// Launch configurations and groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AutoScaling {
    /// By name.
    pub configurations: BTreeMap<String, Configuration>,
    /// By name; a group that is being deleted keeps its name until it is gone.
    pub groups: BTreeMap<String, Group>,
    /// Deleted groups, the latest first.
    #[serde(default)]
    pub former: VecDeque<Former>,
    /// Who answers hooks, by the hook's name; the rest are answered as [`crate::timing::AutoScalingTiming`] says.
    #[serde(default)]
    pub consumers: BTreeMap<String, Consumer>,
}

/// What is kept of a deleted group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Former {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it has done, the newest first.
    pub activities: VecDeque<Activity>,
}

/// A launch configuration: never changed once made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Configuration {
    /// Unique in the region.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Time,
    /// The request it was made by, which says all there is to say.
    pub params: Params,
}

/// What a group launches from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Launch {
    /// A launch configuration, by name.
    Configuration(String),
    /// A launch template.
    Template(TemplateChoice),
}

/// A launch template and which of its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateChoice {
    /// Its id.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// As it was given: `7`, `$Latest` or `$Default`. On an instance a number.
    pub version: String,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Unique in the region.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Time,
    /// What the next instance is launched from.
    pub launch: Launch,
    /// The `MixedInstancesPolicy` of the requests, if it has one; `launch` is its template.
    #[serde(default)]
    pub mixed: Option<Params>,
    /// The least, the most and the wanted number of instances.
    pub size: Size,
    /// Where instances go: subnet ids, in the order given; zones' default subnets if it was made with zones.
    pub subnets: Vec<String>,
    /// The zones of its subnets.
    pub zones: Vec<String>,
    /// Load balancers, by name.
    pub balancers: BTreeMap<String, Attachment>,
    /// Target groups, by ARN.
    pub target_groups: BTreeSet<String>,
    /// Those of them that its instances are leaving.
    #[serde(default)]
    pub detaching: BTreeSet<String>,
    /// What may be changed and has no effect of its own on the rest of the model.
    pub settings: Settings,
    /// Processes that are suspended, with the reason.
    pub suspended: BTreeMap<String, String>,
    /// Metrics that are collected.
    pub metrics: BTreeSet<String>,
    /// By key.
    pub tags: BTreeMap<String, GroupTag>,
    /// Its instances.
    pub members: BTreeMap<InstanceId, Member>,
    /// What it has done, the newest first.
    pub activities: VecDeque<Activity>,
    /// Who changed its size and how, in the words of the next activities' cause; empty once they have said it.
    #[serde(default)]
    pub occasion: String,
    /// Its scaling policies, by name.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// What simple scaling policies wait for since one changed the size.
    #[serde(default)]
    pub cooldown: Option<Cooldown>,
    /// Its scheduled actions, by name.
    #[serde(default)]
    pub schedule: BTreeMap<String, Scheduled>,
    /// Its lifecycle hooks, by name.
    #[serde(default)]
    pub hooks: BTreeMap<String, Hook>,
    /// Its instance refreshes, the newest first.
    #[serde(default)]
    pub refreshes: VecDeque<Refresh>,
    /// How many instances beyond the desired number it has for a while, to spread them evenly over its zones.
    #[serde(default)]
    pub balancing: u64,
    /// Its warm pool.
    #[serde(default)]
    pub warm: Option<WarmPool>,
    /// Load balancers and target groups by whose checks it judges its instances: those it was made with, and others once one of its
    /// instances has passed.
    #[serde(default)]
    pub heard: BTreeSet<String>,
    /// What it tells of, by the topic's ARN.
    #[serde(default)]
    pub notifications: BTreeMap<String, BTreeSet<String>>,
    /// Set while it is being deleted.
    pub deleting: bool,
    /// Whether its next look at its instances is in the queue.
    pub watched: bool,
}

/// A scaling policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Its ARN.
    pub arn: String,
    /// Its type, such as `StepScaling`.
    pub kind: String,
    /// The request that put it, which says all there is to say.
    pub params: Params,
    /// The names of the alarms that it keeps itself.
    pub alarms: Vec<String>,
}

/// The time after a simple scaling policy's change in which no other follows it. It begins when the instances that
/// come and go because of the change have done so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown {
    /// When the size was changed.
    pub since: Time,
    /// How long it lasts.
    pub seconds: u64,
}

/// A scheduled action.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scheduled {
    /// Its ARN.
    pub arn: String,
    /// What the requests that put it say together.
    pub params: Params,
    /// When it is due next.
    #[serde(default)]
    pub next: Option<Time>,
}

/// How many instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Never fewer.
    pub min: u64,
    /// Never more.
    pub max: u64,
    /// What it keeps.
    pub desired: u64,
}

/// Settings of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Seconds.
    pub cooldown: u64,
    /// `EC2` or `ELB`.
    pub health_check_type: String,
    /// Seconds after an instance came into service in which load balancers' checks do not count.
    pub grace: u64,
    /// In order.
    pub termination_policies: Vec<String>,
    /// Whether new instances are protected from scale-in.
    pub protect_new: bool,
    /// Its name.
    pub placement_group: Option<String>,
    /// Seconds.
    pub max_lifetime: Option<u64>,
    /// Whether spot instances are replaced before they go.
    pub capacity_rebalance: bool,
    /// Seconds.
    pub default_warmup: Option<u64>,
    /// An ARN.
    pub service_role: String,
    /// How far its size may go below and above the desired number while instances are replaced.
    #[serde(default)]
    pub maintenance: Option<Maintenance>,
    /// `none`, `prevent-force-deletion` or `prevent-all-deletion`, if a request has said so.
    #[serde(default)]
    pub deletion_protection: Option<String>,
}

/// How far a group's size may go while instances are replaced, in percent of the desired number (instance maintenance
/// policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// From 0 to 100.
    pub min: u64,
    /// From 100 to 200: above 100, replacements come first.
    pub max: u64,
}

/// A load balancer of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attachment {
    /// Instances are registered with it as they come into service.
    Attached,
    /// Its instances are leaving it.
    Removing,
}

/// A tag of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupTag {
    /// The value.
    pub value: String,
    /// Whether instances launched from now on get it too.
    pub propagate: bool,
}

/// Something a group did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// What.
    pub description: String,
    /// Why.
    pub cause: String,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// `PreInService`, `InProgress`, `WaitingForELBConnectionDraining`, `MidLifecycleAction`, `Successful`, `Failed` or
    /// `Cancelled`.
    pub status: String,
    /// What went wrong.
    pub message: Option<String>,
    /// The instance it is about.
    pub instance: Option<InstanceId>,
    /// Where it happens, as JSON: subnet and zone.
    #[serde(default)]
    pub details: String,
}

impl Group {
    /// How many instances count towards the desired number.
    pub fn counted(&self) -> u64 {
        self.members.values().filter(|member| member.state.counts()).count() as u64
    }

    /// Whether a process runs.
    pub fn runs(&self, process: &str) -> bool {
        !self.suspended.contains_key(process)
    }

    /// Whether load balancers' checks decide about the health of its instances.
    pub fn heeds_balancers(&self) -> bool {
        self.settings.health_check_type.split(',').any(|kind| kind == "ELB")
    }
}
