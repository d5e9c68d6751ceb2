//! What CloudWatch remembers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::Time;
use super::metrics::Metrics;
use crate::wire::Params;

/// Alarms, and the metrics they watch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CloudWatch {
    /// By name.
    pub alarms: BTreeMap<String, Alarm>,
    /// What was measured.
    #[serde(default)]
    pub metrics: Metrics,
    /// What keeps processors busy.
    #[serde(default)]
    pub loads: Vec<Load>,
    /// What alarms sent to others than scaling policies, the newest last.
    #[serde(default)]
    pub notifications: VecDeque<Notification>,
    /// Whether the next look at metrics and alarms is in the queue.
    #[serde(default)]
    pub watched: bool,
}

/// An alarm on a metric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// Unique in the region.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was last put.
    pub updated: Time,
    /// The request that put it, which says all there is to say but for what follows.
    pub params: Params,
    /// What it does, by the name of the request's list (`AlarmActions`, …).
    pub actions: BTreeMap<String, BTreeSet<String>>,
    /// By key.
    pub tags: BTreeMap<String, String>,
    /// What it says.
    #[serde(default)]
    pub state: AlarmState,
    /// What happened to it, the newest first.
    #[serde(default)]
    pub history: VecDeque<Entry>,
}

/// What an alarm says, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmState {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: StateValue,
    /// In one sentence.
    pub reason: String,
    /// The same as JSON.
    pub data: Option<String>,
    /// Since when it says exactly this.
    pub updated: Time,
    /// Since when it has this value.
    pub transitioned: Time,
}

impl Default for AlarmState {
    fn default() -> Self {
        Self {
            value: StateValue::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            data: None,
            updated: Time::default(),
            transitioned: Time::default(),
        }
    }
}

/// The three things an alarm can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateValue {
    /// Within the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// There is nothing to compare.
    InsufficientData,
}

impl StateValue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Alarm, Self::InsufficientData];

    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// The list of actions that belongs to it.
    pub fn actions(self) -> &'static str {
        match self {
            Self::Ok => "OKActions",
            Self::Alarm => "AlarmActions",
            Self::InsufficientData => "InsufficientDataActions",
        }
    }
}

/// Something that happened to an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// `ConfigurationUpdate`, `StateUpdate` or `Action`.
    pub kind: String,
    /// In one sentence.
    pub summary: String,
}

/// What an alarm sent to a topic, or to whatever else its action names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// When.
    pub at: Time,
    /// The alarm, by name.
    pub alarm: String,
    /// The action: an ARN.
    pub action: String,
    /// What the alarm says now.
    pub state: StateValue,
}

/// Work that keeps instances busy, so that their groups have a `CPUUtilization`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Who shares it.
    pub on: LoadTarget,
    /// In percent of one instance: 150 keeps two instances at 75 each.
    pub percent: f64,
}

/// Who shares a load, in equal parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadTarget {
    /// The instances in service of the group of that name.
    Group(String),
    /// The instances that take requests from the load balancer of that name, whatever group they are in.
    Balancer(String),
}

impl CloudWatch {
    /// Takes an action out of every alarm (DeletePolicy). With `clear`, an alarm that then does nothing any more
    /// goes too (DeleteAutoScalingGroup).
    pub fn forget_action(&mut self, arn: &str, clear: bool) {
        let idle = |alarm: &Alarm| alarm.actions.values().all(BTreeSet::is_empty);
        self.alarms.retain(|_, alarm| {
            let lists = alarm.actions.values_mut();
            // It goes from every list, so nothing may stop at the first that has it.
            let named = lists.map(|list| list.remove(arn)).filter(|found| *found).count() > 0;
            !(named && clear && idle(alarm))
        });
    }
}
