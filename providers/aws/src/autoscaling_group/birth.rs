//! How a group comes about: made once, empty, and found again after a crash; then given its sizes, and awaited until
//! it serves.

use infra_engine::provider::{Progress, ProviderError, Task};

use super::act::{Act, perform};
use super::blue_green::{HELD_BACK, of, resize};
use super::group::{Activities, Group, Health, Pinned, count};
use super::phase::Next;
use super::request::{self, Start};
use super::settings::AutoscalingGroup;
use super::{memory_key, outcome, read};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::{failed, has_code};
use crate::kind::{note_id, noted_id, waiting};
use crate::tags;

/// What is to be done about a group that is to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Birth {
    /// Make it.
    Make,
    /// Write its name down.
    Note,
    /// One more thing to do to it.
    Act(Act),
}

/// What is known of a group that is to exist.
pub(crate) struct State<'a> {
    /// Whether its name is written down already.
    pub(crate) noted: bool,
    /// The group of that name.
    pub(crate) group: Option<&'a Group>,
    /// The token of the step that makes it.
    pub(crate) token: &'a str,
    /// Whether it is the new group of a swap.
    pub(crate) second: bool,
    /// What is wanted.
    pub(crate) wanted: &'a AutoscalingGroup,
}

/// What comes next.
pub(crate) fn next(s: &State<'_>) -> Next<Birth> {
    match s.group {
        None if s.noted => Next::Wait("the group to become visible".to_owned()),
        None => Next::Act(Birth::Make),
        Some(group) if group.deleting => {
            Next::Wait(format!("the group that was called {} to be gone", group.name))
        }
        Some(_) if s.noted => grown(s),
        Some(group) if group.token.as_deref() == Some(s.token) => Next::Act(Birth::Note),
        Some(group) => Next::Stuck(format!(
            "a group called {} exists already: import it, or choose another name",
            group.name
        )),
    }
}

fn grown(s: &State<'_>) -> Next<Birth> {
    let Some(group) = s.group else { return Next::Done };
    let held_back = || HELD_BACK.iter().map(|name| (*name).to_owned());
    let suspended: Vec<String> =
        if s.second { held_back().collect() } else { s.wanted.suspended_processes.iter().cloned().collect() };
    let processes: Vec<String> =
        suspended.into_iter().filter(|name| !group.suspended.contains_key(name)).collect();
    let metrics: Vec<String> = s.wanted.enabled_metrics.difference(&group.metrics).cloned().collect();
    let (name, granularity) = (group.name.clone(), s.wanted.metrics_granularity.clone());
    if !processes.is_empty() {
        return Next::Act(Birth::Act(Act::Suspend { group: name, processes }));
    }
    if !metrics.is_empty() {
        return Next::Act(Birth::Act(Act::Measure { group: name, metrics, granularity }));
    }
    Next::Done
}

/// What comes next for a group that is to get its sizes. One that launches nothing is not waited for.
pub(crate) fn sized(
    group: &Group,
    wanted: &AutoscalingGroup,
    health: &Health,
    activities: &Activities,
) -> Next {
    let (min, max, first) = (wanted.min_size, wanted.max_size, wanted.first_size());
    if (group.min, group.max) != (min, max) || group.desired < first {
        return resize(group, Some(min), Some(max), Some(first.max(group.desired)));
    }
    let serving = group.serving(&wanted.load_balancers, health);
    if group.suspended.contains_key("Launch") || serving >= group.desired {
        return Next::Done;
    }
    let ready = of(count(group.ready().count()), group.desired);
    let waiting = match wanted.load_balancers.is_empty() {
        true => format!("{ready} instances in service"),
        false => format!("{ready} instances in service, {} serve", of(serving, group.desired)),
    };
    match (activities.given_up(group.desired), &activities.failure) {
        (Some(reason), _) => Next::Stuck(reason),
        (None, Some(failure)) => Next::Wait(format!("{waiting}; the last launch failed: {failure}")),
        (None, None) => Next::Wait(waiting),
    }
}

/// Brings a group about, empty; in a swap behind nothing, too.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn advance(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let wanted: AutoscalingGroup = decode(&task.desired)?;
    let name = noted_id(task).map_or_else(|| wanted.name(&task.token), str::to_owned);
    // The first look finds nothing unless an earlier run has made it; the name alone cannot tell.
    let described = read::describe(aws, &[name.clone()].into()).await?.remove(&name);
    let group = described.as_ref().map(read::group);
    let pinned: Option<Pinned> = super::note(task, "pin");
    let state = State {
        noted: noted_id(task).is_some(),
        group: group.as_ref(),
        token: &task.token.0,
        second: pinned.is_some(),
        wanted: &wanted,
    };
    let key = memory_key(task);
    match next(&state) {
        Next::Act(Birth::Make) => make(aws, task, &name, &wanted, pinned.as_ref()).await,
        Next::Act(Birth::Note) => Ok(note_id(&name)),
        Next::Act(Birth::Act(act)) if !aws.memory.may_do(&key, &act.to_string()) => {
            Ok(waiting(3, format!("AWS to show: {act}")))
        }
        Next::Act(Birth::Act(act)) => perform(aws, &act).await.map(|()| Progress::Acted(act.to_string())),
        Next::Wait(on) => Ok(waiting(5, on)),
        Next::Done => {
            aws.memory.forget(&key);
            Ok(outcome(described.as_ref(), task))
        }
        Next::Stuck(reason) => Ok(Progress::Stuck(reason)),
    }
}

/// Gives a group that was made empty its sizes, and waits until it serves.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn boot(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let wanted: AutoscalingGroup = decode(&task.desired)?;
    let name = task.target.as_ref().map(|id| id.0.clone()).unwrap_or_default();
    let Some(described) = read::describe(aws, &[name.clone()].into()).await?.remove(&name) else {
        return Ok(waiting(5, "the group to become visible"));
    };
    let health = read::health(aws, &wanted.load_balancers).await?;
    let activities = read::activities(aws, &name, None).await?;
    let key = memory_key(task);
    match sized(&read::group(&described), &wanted, &health, &activities) {
        Next::Act(act) if !aws.memory.may_do(&key, &act.to_string()) => {
            Ok(waiting(3, format!("AWS to show: {act}")))
        }
        Next::Act(act) => perform(aws, &act).await.map(|()| Progress::Acted(act.to_string())),
        Next::Wait(on) => Ok(waiting(5, on)),
        Next::Done => {
            aws.memory.forget(&key);
            Ok(outcome(Some(&described), task))
        }
        Next::Stuck(reason) => Ok(Progress::Stuck(reason)),
    }
}

async fn make(
    aws: &Aws,
    task: &Task,
    name: &str,
    wanted: &AutoscalingGroup,
    pinned: Option<&Pinned>,
) -> Result<Progress, ProviderError> {
    let start = match pinned {
        Some(pinned) => Start::Empty { max: wanted.max_size.max(pinned.desired) },
        None => Start::Prepared,
    };
    let call = request::create(name, wanted, start, &tags::ours(aws, task));
    match call.send_with(&aws.autoscaling).await.map_err(failed("CreateAutoScalingGroup")) {
        Ok(_) => Ok(note_id(name)),
        // Made by an attempt whose answer was lost, or by somebody else: the next look tells.
        Err(error) if has_code(&error, "AlreadyExists") => {
            Ok(waiting(3, format!("{name} to become visible")))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling_group::group::Member;

    fn wanted() -> AutoscalingGroup {
        AutoscalingGroup {
            min_size: 2,
            max_size: 4,
            suspended_processes: ["AlarmNotification".to_owned()].into(),
            enabled_metrics: ["GroupInServiceInstances".to_owned()].into(),
            metrics_granularity: "1Minute".into(),
            ..AutoscalingGroup::default()
        }
    }

    fn look(noted: bool, second: bool, group: Option<&Group>) -> Next<Birth> {
        next(&State { noted, group, token: "0123", second, wanted: &wanted() })
    }

    fn boot(group: &Group) -> Next {
        sized(group, &wanted(), &Health::default(), &Activities::default())
    }

    fn group() -> Group {
        Group {
            name: "web-0123".into(),
            desired: 2,
            token: Some("0123".into()),
            members: vec![Member { id: "i-1".into(), ready: true, ..Member::default() }],
            ..Group::default()
        }
    }

    fn settled(process: &str) -> Group {
        let mut settled = group();
        settled.suspended.insert(process.into(), String::new());
        settled.metrics.insert("GroupInServiceInstances".into());
        settled
    }

    #[test]
    fn a_group_is_made_once_and_found_again() {
        assert_eq!(look(false, false, None), Next::Act(Birth::Make));
        assert_eq!(look(false, false, Some(&group())), Next::Act(Birth::Note));
        assert_eq!(look(true, false, None), Next::Wait("the group to become visible".into()));
        let strange = Group { token: None, ..group() };
        assert!(matches!(look(false, false, Some(&strange)), Next::Stuck(_)));
        let dying = Group { deleting: true, ..group() };
        assert!(matches!(look(false, false, Some(&dying)), Next::Wait(_)));
    }

    #[test]
    fn it_is_made_when_it_does_what_it_is_to_and_no_more() {
        let suspend = |processes: &[&str]| {
            let processes = processes.iter().map(|name| (*name).to_owned()).collect();
            Next::Act(Birth::Act(Act::Suspend { group: "web-0123".into(), processes }))
        };
        assert_eq!(look(true, false, Some(&group())), suspend(&["AlarmNotification"]));
        assert_eq!(look(true, true, Some(&group())), suspend(&HELD_BACK));
        assert_eq!(look(true, false, Some(&settled("AlarmNotification"))), Next::Done);
    }

    #[test]
    fn it_boots_until_all_of_it_serves() {
        let empty = Group { desired: 0, max: 4, members: Vec::new(), ..settled("AlarmNotification") };
        assert_eq!(boot(&empty), resize(&empty, Some(2), Some(4), Some(2)));
        let half = Group { min: 2, max: 4, ..settled("AlarmNotification") };
        assert_eq!(boot(&half), Next::Wait("1 of 2 instances in service".into()));
        let member = |id: &str| Member { id: id.into(), ready: true, ..Member::default() };
        let full = Group { members: vec![member("i-1"), member("i-2")], ..half.clone() };
        assert_eq!(boot(&full), Next::Done);
        let scaled = Group { desired: 3, ..full };
        assert_eq!(
            boot(&scaled),
            Next::Wait("2 of 3 instances in service".into()),
            "somebody scales meanwhile"
        );
    }

    #[test]
    fn what_launches_nothing_is_not_waited_for() {
        let mut asleep = Group { min: 2, max: 4, ..settled("AlarmNotification") };
        asleep.suspended.insert("Launch".into(), String::new());
        assert_eq!(boot(&asleep), Next::Done);
    }
}
