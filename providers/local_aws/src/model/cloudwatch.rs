//! What CloudWatch remembers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Time;
use crate::wire::Params;

/// Alarms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CloudWatch {
    /// By name.
    pub alarms: BTreeMap<String, Alarm>,
}

/// An alarm on a metric. It never fires: metrics are not modelled.
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
