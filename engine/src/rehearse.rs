//! What a rehearsal of a plan has shown: how long each step took, how many instances of each group served meanwhile,
//! and how it ended. Whoever rehearses runs [`apply`](crate::apply::apply) against a model of AWS and looks at it
//! again and again; the functions here make of those looks, and of the events, what a reviewer wants to know.
//!
//! ```text
//! ApplyEvent, … ──► spans ──┐
//! Sample, …     ──► group ──┴──► Rehearsal ──► verdict        Rehearsal, … ──► Spread
//! ```
//!
//! Times are in milliseconds since the rehearsal began, on its virtual clock.

mod ending;
mod group;
mod spread;
mod steps;
mod verdict;

use std::collections::BTreeMap;

use infra_lang::address::Address;
use serde::{Deserialize, Serialize};

use crate::id::StepId;

pub use ending::ending;
pub use group::group;
pub use spread::{GroupSpread, Range, Spread};
pub use steps::spans;
pub use verdict::Refusal;

/// One rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The seed of all chance in it: the same seed gives the same rehearsal.
    pub seed: u64,
    /// How it ended.
    pub ending: Ending,
    /// Why, if something went wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// How long it took.
    pub took_ms: u64,
    /// The steps that ran, in the order in which they began; steps that were taken back appear a second time.
    pub steps: Vec<StepSpan>,
    /// The groups with instances, by address.
    pub groups: BTreeMap<Address, GroupTimeline>,
    /// How many calls AWS would get.
    pub calls: CallCount,
    /// Requests of users meanwhile, by the name that they asked; empty if none were made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub traffic: BTreeMap<String, Traffic>,
    /// What the model had to assume, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
}

/// How a rehearsal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All of the plan was done.
    Done,
    /// A step failed, and what had been done before it was taken back.
    RolledBack,
    /// A step failed, and what had been done stands.
    Failed,
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose step; none if the rehearsal as a whole could not go on.
    pub address: Option<Address>,
    /// The step's title.
    pub step: String,
    /// Why, in a sentence.
    pub why: String,
}

/// When a step ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSpan {
    /// Which step of the plan.
    pub step: StepId,
    /// Whose.
    pub address: Address,
    /// Its title.
    pub title: String,
    /// Whether it was being taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
    /// When it began.
    pub from_ms: u64,
    /// When it ended; none if it never did.
    pub to_ms: Option<u64>,
    /// Whether it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// Calls of AWS, attempts counted one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallCount {
    /// Calls that only look.
    pub reads: usize,
    /// Calls that may change something.
    pub writes: usize,
}

/// A group as it goes into a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The group.
    pub address: Address,
    /// The object that stands for it when the rehearsal begins.
    pub current: Option<String>,
    /// The share of its size that must keep serving, in thousandths.
    pub share: u32,
    /// The most instances that the plan leaves it; none if the plan does not say.
    pub at_most: Option<u32>,
    /// How one gets back, in a sentence.
    pub way_back: String,
    /// What would keep the floor, if it is not kept.
    pub advice: String,
}

/// The instances of a group at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sample {
    /// The moment.
    pub at_ms: u64,
    /// Instances of the beginning that serve: in service in the group, passing every check, not draining.
    pub old: u32,
    /// Later instances that serve.
    pub new: u32,
    /// On their way into service.
    pub booting: u32,
    /// Leaving a load balancer, open requests finishing.
    pub draining: u32,
    /// All instances.
    pub total: u32,
}

/// What a rehearsal showed of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupTimeline {
    /// So many must serve at any time.
    pub floor: u32,
    /// So many served at the beginning.
    pub began_with: u32,
    /// When the fewest served for the first time.
    pub fewest: Low,
    /// The times at which fewer served than the floor; there should be none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dips: Vec<Dip>,
    /// The most instances there were.
    pub peak: u32,
    /// From the beginning of its first step to the end of its last; 0 if it has none.
    pub took_ms: u64,
    /// From where on there is only the way ahead; none if the rehearsal never came there.
    pub no_return: Option<NoReturn>,
    /// How one gets back before that, in a sentence.
    pub way_back: String,
    /// What would keep the floor; only if it was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// How many instances there were: each sample holds until the next.
    pub samples: Vec<Sample>,
}

/// The fewest that served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Low {
    /// How many.
    pub serving: u32,
    /// From when on.
    pub at_ms: u64,
    /// The step of the group that was running.
    pub during: Option<String>,
}

/// A time at which fewer instances served than the floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dip {
    /// From when on.
    pub from_ms: u64,
    /// Until when.
    pub to_ms: u64,
    /// The fewest that served.
    pub serving: u32,
    /// The step of the group that was running when it began.
    pub during: Option<String>,
}

/// The moment from which on there is only the way ahead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoReturn {
    /// The title of the step that begins then.
    pub step: String,
    /// When.
    pub at_ms: u64,
}

/// What became of the requests of users.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Made.
    pub requests: u64,
    /// Not answered.
    pub dropped: u64,
    /// Answered with 5xx by the application.
    pub bad: u64,
    /// Why and when requests were not answered as they should be, in order.
    pub drops: Vec<Drops>,
}

/// Requests that one cause struck while one step ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drops {
    /// Why, in a word of the model's.
    pub cause: String,
    /// The step that was running, with its address.
    pub during: Option<String>,
    /// How many.
    pub count: u64,
}

impl Sample {
    /// How many serve.
    pub fn serving(&self) -> u32 {
        self.old + self.new
    }

    /// Whether two samples tell the same of different moments.
    fn is_like(&self, other: &Self) -> bool {
        Self { at_ms: other.at_ms, ..*self } == *other
    }
}

impl StepSpan {
    /// Whether it runs at a moment.
    fn covers(&self, at_ms: u64) -> bool {
        self.from_ms <= at_ms && self.to_ms.is_none_or(|to| at_ms < to)
    }
}

/// The step that runs at a moment; of several that one which began last.
pub fn running<'a>(spans: impl IntoIterator<Item = &'a StepSpan>, at_ms: u64) -> Option<&'a StepSpan> {
    spans.into_iter().filter(|span| span.covers(at_ms)).max_by_key(|span| span.from_ms)
}

#[cfg(test)]
mod tests;
