//! Lifecycle hooks.

use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::timing::Delay;
use crate::wire::Params;

/// A lifecycle hook of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hook {
    /// When it was first put: instances launched before do not wait for it.
    pub since: Time,
    /// What the requests that put it say together, which is all there is to say.
    pub params: Params,
}

/// An instance waits two days at most, or a hundred heartbeats ("lifecycle hooks").
const LONGEST: u64 = 172_800;

impl Hook {
    /// The transition at which it holds instances.
    pub fn transition(&self) -> Option<Transition> {
        self.params.text("LifecycleTransition").and_then(Transition::named)
    }

    /// Seconds until its default result holds.
    pub fn heartbeat(&self) -> u64 {
        let given = self.params.int("HeartbeatTimeout").ok().flatten();
        given.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(3600)
    }

    /// Seconds that an instance waits at most, whatever the heartbeats.
    pub fn longest(&self) -> u64 {
        LONGEST.min(self.heartbeat() * 100)
    }

    /// What holds when nobody answers.
    pub fn default_result(&self) -> HookResult {
        self.params.text("DefaultResult").and_then(HookResult::named).unwrap_or(HookResult::Abandon)
    }
}

/// The two moments at which hooks hold an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transition {
    /// Before it is registered with load balancers.
    Launching,
    /// After it has left them.
    Terminating,
}

impl Transition {
    /// The transition that AWS calls so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "autoscaling:EC2_INSTANCE_LAUNCHING" => Some(Self::Launching),
            "autoscaling:EC2_INSTANCE_TERMINATING" => Some(Self::Terminating),
            _ => None,
        }
    }
}

/// How a lifecycle action ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookResult {
    /// The instance goes on.
    Continue,
    /// A new instance is terminated; one that is on its way out goes on without waiting for other hooks.
    Abandon,
}

impl HookResult {
    /// The result that AWS calls so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "CONTINUE" => Some(Self::Continue),
            "ABANDON" => Some(Self::Abandon),
            _ => None,
        }
    }
}

/// What the model's own consumer of a hook does: it stands for the function or daemon that hooks are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// How long it takes; none: nobody answers, and the hook's heartbeat runs out.
    pub answers_after: Option<Delay>,
    /// What it answers.
    pub result: HookResult,
}
