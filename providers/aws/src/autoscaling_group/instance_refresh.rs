//! AWS's own instance refresh: Auto Scaling replaces the instances, and we watch. It judges by the group, not by the
//! load balancers, so a dip can only be noticed: the refresh is then taken back, or cancelled and left as it is.
//!
//! With a launch template the refresh itself carries the new settings, and the group gets them when it has succeeded
//! ("Start an instance refresh"); with a launch configuration the group gets them first, and AWS knows no way back but
//! another refresh.

use infra_engine::provider::{Progress, ProviderError, Task};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Residual, Values};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use super::group::Group;
use super::memory::Held;
use super::pace::{Pace, share};
use super::phase::Next;
use super::settings::{AutoscalingGroup, Launch};
use super::strategy::Strategy;
use super::swap::pace;
use super::{memory_key, note, outcome, read, run};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::permanent;
use crate::kind::waiting;

mod calls;
mod steps;

use calls::{Refresh, Status};

/// The strategy.
pub(crate) const STRATEGY: Strategy = Strategy {
    name: "instance_refresh",
    uses: &["min_in_service", "surge", "stages", "bake", "alarms", "on_failure"],
    second_group: false,
    rolls_back: false,
    problems: steps::problems,
    manner: steps::manner,
    lower: steps::lower,
};

/// The operation that has AWS replace the instances.
pub(crate) const REFRESH: &str = "refresh";
/// The way back.
pub(crate) const UNREFRESH: &str = "unrefresh";

/// Seconds between two looks.
const POLL: u64 = 15;

/// So many looks in a row must find a dip before it is taken for one.
const PATIENCE: u32 = 2;

/// What is written down about a refresh that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Begun {
    /// AWS's id of it.
    refresh: String,
    /// The group's size then.
    desired: i32,
    /// How many served then.
    serving: i32,
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Begin a refresh, and write its id down.
    Start,
    /// Write the id of one down that was begun, and whose answer was lost.
    TakeUp,
    /// Stop it where it is.
    Cancel,
    /// Have AWS take it back.
    Rollback,
    /// Give the group the launch settings of before.
    Relaunch,
}

/// What is decided from.
#[derive(Debug, Clone, Default)]
struct Look {
    group: Group,
    serving: i32,
    /// What was written down.
    begun: Option<Begun>,
    /// The refresh of that id.
    refresh: Option<Refresh>,
    /// The one that a call has begun whose answer was lost.
    lost: Option<Refresh>,
    /// Another one that runs.
    other: Option<Refresh>,
    /// Whether this process looks for the first time.
    first: bool,
    held: Held,
    /// Whether instances are launched from a template.
    by_template: bool,
    /// Whether a dip is taken back, and not only stopped.
    rolls_back: bool,
    /// Whether the group launches from the settings of before.
    launches_old: bool,
    min_in_service: f64,
}

impl Look {
    /// What must serve: never more than when it began, and less if somebody has made the group smaller.
    fn floor(&self) -> i32 {
        let Some(begun) = &self.begun else { return 0 };
        let size = self.group.desired.min(begun.desired);
        share(size, self.min_in_service).min(begun.serving)
    }

    /// What comes next on the way there.
    fn forward(&self) -> Next<Act> {
        if let Some(other) = &self.other {
            let id = &other.id;
            return Next::Stuck(format!(
                "another instance refresh, {id}, runs: wait for its end, or cancel it"
            ));
        }
        let Some(refresh) = &self.refresh else {
            return Next::Act(if self.lost.is_some() { Act::TakeUp } else { Act::Start });
        };
        match refresh.status {
            Status::Successful => Next::Done,
            Status::Running => self.watched(refresh),
            Status::Stopping => Next::Wait("AWS to stop the refresh".to_owned()),
            // Somebody asks to try again.
            Status::Failed | Status::Reverted if self.first => Next::Act(Act::Start),
            Status::Failed | Status::Reverted => Next::Stuck(refresh.ended()),
        }
    }

    fn watched(&self, refresh: &Refresh) -> Next<Act> {
        let floor = self.floor();
        if self.serving >= floor {
            return Next::Wait(format!("AWS, which has replaced {}%", refresh.percentage));
        }
        let dip = format!("only {} instances serve, and the floor is {floor}", self.serving);
        match (self.held.broken >= PATIENCE, self.rolls_back) {
            (false, _) => Next::Wait(format!("another look: {dip}")),
            (true, true) => Next::Stuck(dip),
            (true, false) => Next::Act(Act::Cancel),
        }
    }

    /// What comes next on the way back; `returning` is the refresh that brings the old instances back.
    fn back(&self, returning: Option<&Refresh>) -> Next<Act> {
        match (&self.refresh, returning.map(|it| (it.status, it))) {
            (_, Some((Status::Successful, _))) | (None, None) => Next::Done,
            (_, Some((Status::Running, it))) => {
                Next::Wait(format!("AWS, which has brought {}% back", it.percentage))
            }
            (_, Some((Status::Stopping, _))) => Next::Wait("AWS to stop the refresh".to_owned()),
            (_, Some((Status::Failed | Status::Reverted, it))) => Next::Stuck(it.ended()),
            (Some(refresh), None) => match refresh.status {
                Status::Reverted => Next::Done,
                Status::Running if self.by_template => Next::Act(Act::Rollback),
                Status::Running => Next::Act(Act::Cancel),
                Status::Stopping => Next::Wait("AWS to take the refresh back".to_owned()),
                Status::Failed | Status::Successful if self.launches_old => Next::Act(Act::Start),
                Status::Failed | Status::Successful => Next::Act(Act::Relaunch),
            },
        }
    }
}

/// Advances a refresh, or with `back` the way back from it.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn advance(aws: &Aws, task: &Task, back: bool) -> Result<Progress, ProviderError> {
    let name = run::old_name(task).ok_or_else(|| permanent("refreshing", "there is no group"))?;
    let Some(described) = read::describe(aws, &[name.clone()].into()).await?.remove(&name) else {
        return Ok(Progress::Stuck(format!("the group {name} is gone")));
    };
    let wanted: AutoscalingGroup = decode(&task.desired)?;
    let (look, returning) = look(aws, task, &wanted, read::group(&described), back).await?;
    let next = if back { look.back(returning.as_ref()) } else { look.forward() };
    let key = memory_key(task);
    match next {
        Next::Act(act) if !aws.memory.may_do(&key, &format!("{act:?}")) => {
            Ok(waiting(POLL, "AWS to show the refresh"))
        }
        Next::Act(act) => perform(aws, task, &wanted, &look, (act, back)).await,
        Next::Wait(on) => Ok(waiting(POLL, on)),
        Next::Done => {
            aws.memory.forget(&key);
            Ok(outcome(Some(&described), task))
        }
        Next::Stuck(reason) => {
            aws.memory.forget(&key);
            Ok(Progress::Stuck(reason))
        }
    }
}

async fn look(
    aws: &Aws,
    task: &Task,
    wanted: &AutoscalingGroup,
    group: Group,
    back: bool,
) -> Result<(Look, Option<Refresh>), ProviderError> {
    let refreshes = calls::describe(aws, &group.name).await?;
    let health = read::health(aws, &group.balancers).await?;
    let swap = wanted.swap.clone().unwrap_or_default();
    let begun: Option<Begun> = note(task, REFRESH);
    let returned: Option<Begun> = note(task, UNREFRESH);
    let of = |begun: &Option<Begun>| {
        begun.as_ref().and_then(|begun| refreshes.iter().find(|it| it.id == begun.refresh).cloned())
    };
    let (refresh, returning) = (of(&begun), of(&returned));
    // Without a note in a step that was begun before, whatever fits is what that one began.
    let unheard = task.in_doubt && !back && begun.is_none();
    let is_lost = |it: &&Refresh| unheard && calls::is_of(it, wanted, &group.launching);
    let lost = refreshes.iter().find(is_lost).cloned();
    let ours =
        [&refresh, &returning, &lost].into_iter().flatten().map(|it| it.id.clone()).collect::<Vec<_>>();
    let other = refreshes.iter().find(|it| !it.status.is_over() && !ours.contains(&it.id)).cloned();
    let mut look = Look {
        serving: group.serving(&group.balancers, &health),
        refresh,
        lost,
        other,
        by_template: matches!(wanted.launch(), Launch::Template { .. }),
        rolls_back: swap.rolls_back(STRATEGY.rolls_back),
        launches_old: calls::before(task).is_none_or(|before| before == group_launch(&group)),
        min_in_service: swap.min_in_service(),
        begun,
        group,
        ..Look::default()
    };
    look.held = aws.memory.look(&memory_key(task), look.serving >= look.floor());
    look.first = !back && look.held.polls + look.held.broken <= 1;
    Ok((look, returning))
}

fn group_launch(group: &Group) -> String {
    group.launching.launch.clone()
}

fn pace_of(desired: &Values) -> Pace {
    let known = |(name, value): (&AttributeName, &Value)| (name.clone(), Residual::Known(value.clone()));
    pace(&desired.iter().map(known).collect())
}

async fn perform(
    aws: &Aws,
    task: &Task,
    wanted: &AutoscalingGroup,
    look: &Look,
    (act, back): (Act, bool),
) -> Result<Progress, ProviderError> {
    let group = &look.group.name;
    match act {
        Act::Start => {
            let pace = pace_of(&task.desired);
            noted(look, calls::start(aws, group, wanted, (pace, look.group.desired), back).await?)
        }
        Act::TakeUp => noted(look, look.lost.as_ref().map(|lost| lost.id.clone()).unwrap_or_default()),
        Act::Cancel => calls::cancel(aws, group).await.map(|()| Progress::Acted("cancel the refresh".into())),
        Act::Rollback => {
            calls::rollback(aws, group).await.map(|()| Progress::Acted("roll the refresh back".into()))
        }
        Act::Relaunch => {
            let before = calls::before(task).unwrap_or_default();
            calls::relaunch(aws, group, &before).await?;
            Ok(Progress::Acted(format!("launch from {before} again")))
        }
    }
}

/// Writes down which refresh was begun.
fn noted(look: &Look, refresh: String) -> Result<Progress, ProviderError> {
    let begun = Begun { refresh, desired: look.group.desired, serving: look.serving };
    let note = serde_json::to_value(begun);
    note.map(Progress::Note).map_err(|error| permanent("noting the refresh", error.to_string()))
}

#[cfg(test)]
mod tests;
