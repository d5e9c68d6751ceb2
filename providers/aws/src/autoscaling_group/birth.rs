//! How a group comes about: made once, found again after a crash, and awaited until it serves.

use infra_engine::provider::{Progress, ProviderError, Task};

use super::act::{Act, perform};
use super::blue_green::{HELD_BACK, of};
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
    /// Whether it starts empty, as the new group of a swap.
    pub(crate) empty: bool,
    /// What is wanted.
    pub(crate) wanted: &'a AutoscalingGroup,
    /// What its load balancers say.
    pub(crate) health: &'a Health,
    /// What it has done.
    pub(crate) activities: &'a Activities,
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
        if s.empty { held_back().collect() } else { s.wanted.suspended_processes.iter().cloned().collect() };
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
    serving(s, group)
}

/// A group that launches nothing is not waited for.
fn serving(s: &State<'_>, group: &Group) -> Next<Birth> {
    let serving = group.serving(&s.wanted.load_balancers, s.health);
    let launches = !group.suspended.contains_key("Launch");
    if s.empty || !launches || serving >= group.desired {
        return Next::Done;
    }
    let ready = of(count(group.ready().count()), group.desired);
    let waiting = match s.wanted.load_balancers.is_empty() {
        true => format!("{ready} instances in service"),
        false => format!("{ready} instances in service, {} serve", of(serving, group.desired)),
    };
    match (s.activities.given_up(group.desired), &s.activities.failure) {
        (Some(reason), _) => Next::Stuck(reason),
        (None, Some(failure)) => Next::Wait(format!("{waiting}; the last launch failed: {failure}")),
        (None, None) => Next::Wait(waiting),
    }
}

/// Brings a group about. In a swap it starts empty and behind nothing; alone, it is finished when it serves.
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
    let made = noted_id(task).is_some() && group.is_some() && pinned.is_none();
    let state = State {
        noted: noted_id(task).is_some(),
        group: group.as_ref(),
        token: &task.token.0,
        empty: pinned.is_some(),
        wanted: &wanted,
        health: &if made { read::health(aws, &wanted.load_balancers).await? } else { Health::default() },
        activities: &if made { read::activities(aws, &name, None).await? } else { Activities::default() },
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

async fn make(
    aws: &Aws,
    task: &Task,
    name: &str,
    wanted: &AutoscalingGroup,
    pinned: Option<&Pinned>,
) -> Result<Progress, ProviderError> {
    let start = match pinned {
        Some(pinned) => Start::Empty { max: wanted.max_size.max(pinned.desired) },
        None => Start::Serving,
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

    fn look(noted: bool, empty: bool, group: Option<&Group>) -> Next<Birth> {
        let wanted = AutoscalingGroup {
            suspended_processes: ["AlarmNotification".to_owned()].into(),
            enabled_metrics: ["GroupInServiceInstances".to_owned()].into(),
            metrics_granularity: "1Minute".into(),
            ..AutoscalingGroup::default()
        };
        next(&State {
            noted,
            group,
            token: "0123",
            empty,
            wanted: &wanted,
            health: &Health::default(),
            activities: &Activities::default(),
        })
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
    fn it_is_finished_when_it_serves() {
        let suspend = |processes: &[&str]| {
            let processes = processes.iter().map(|name| (*name).to_owned()).collect();
            Next::Act(Birth::Act(Act::Suspend { group: "web-0123".into(), processes }))
        };
        assert_eq!(look(true, false, Some(&group())), suspend(&["AlarmNotification"]));
        assert_eq!(look(true, true, Some(&group())), suspend(&HELD_BACK));
        let settled = settled("AlarmNotification");
        assert_eq!(look(true, false, Some(&settled)), Next::Wait("1 of 2 instances in service".into()));
        let full = Group { desired: 1, ..settled };
        assert_eq!(look(true, false, Some(&full)), Next::Done);
    }

    #[test]
    fn what_launches_nothing_is_not_waited_for() {
        let mut asleep = settled("AlarmNotification");
        asleep.suspended.insert("Launch".into(), String::new());
        assert_eq!(look(true, false, Some(&asleep)), Next::Done);
    }
}
