//! Lifecycle actions: instances wait for hooks ("Amazon EC2 Auto Scaling lifecycle hooks").
//!
//! All hooks of a transition hold an instance at the same time; it goes on once each is completed. With `ABANDON` the
//! others no longer matter: a new instance is terminated, and one that is on its way out goes on.

use std::time::Duration;

use crate::ec2::pattern_matches;
use crate::model::autoscaling::{
    Consumer, Hook, HookResult, LifecycleAction, Member, MemberState, Transition,
};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model};
use crate::wire::{ApiError, Node, Params};

use super::{AutoScalingEvent, activities, lifecycle, named, warm};

/// Has an instance wait for the hooks of a transition; false if there are none for it.
pub fn hold(model: &mut Model, group: &str, id: &InstanceId, transition: Transition) -> bool {
    let hooks = hooks_for(model, group, id, transition);
    for (name, hook) in &hooks {
        begin(model, group, id, name, hook);
    }
    if let Some(member) = lifecycle::member(model, group, id).filter(|_| !hooks.is_empty()) {
        member.state = waiting(transition, member.state.is_warm());
        activities::turn(model, group, id, "MidLifecycleAction");
    }
    !hooks.is_empty()
}

fn waiting(transition: Transition, warm: bool) -> MemberState {
    match (transition, warm) {
        (Transition::Launching, false) => MemberState::PendingWait,
        (Transition::Launching, true) => MemberState::WarmedPendingWait,
        (Transition::Terminating, false) => MemberState::TerminatingWait,
        (Transition::Terminating, true) => MemberState::WarmedTerminatingWait,
    }
}

/// The transition that an instance in a waiting state is held at.
fn transition(state: MemberState) -> Option<Transition> {
    match state {
        MemberState::PendingWait | MemberState::WarmedPendingWait => Some(Transition::Launching),
        MemberState::TerminatingWait | MemberState::WarmedTerminatingWait => Some(Transition::Terminating),
        _ => None,
    }
}

/// A hook holds no instance that was launched before it was put, and none that comes back from standby.
fn hooks_for(model: &Model, group: &str, id: &InstanceId, transition: Transition) -> Vec<(String, Hook)> {
    let Some(group) = model.autoscaling.groups.get(group) else { return Vec::new() };
    let Some(member) = group.members.get(id) else { return Vec::new() };
    let new = |hook: &Hook| member.in_service.is_none() && hook.since <= member.launched;
    let holds = |hook: &Hook| {
        hook.transition() == Some(transition) && (transition == Transition::Terminating || new(hook))
    };
    let hooks = group.hooks.iter().filter(|(_, hook)| holds(hook));
    hooks.map(|(name, hook)| (name.clone(), hook.clone())).collect()
}

fn begin(model: &mut Model, group: &str, id: &InstanceId, name: &str, hook: &Hook) {
    let (now, heartbeat) = (model.now, Duration::from_secs(hook.heartbeat()));
    let action = LifecycleAction { token: model.random.uuid(), since: now, deadline: now + heartbeat };
    let token = action.token.clone();
    let due = AutoScalingEvent::HookDue(group.to_owned(), id.clone(), token.clone());
    model.schedule_in(heartbeat, Event::AutoScaling(due));
    let consumer = consumer(model, name);
    if let Some(delay) = consumer.answers_after {
        let answer = AutoScalingEvent::HookAnswered(group.to_owned(), id.clone(), token, consumer.result);
        model.schedule(delay, Event::AutoScaling(answer));
    }
    if let Some(member) = lifecycle::member(model, group, id) {
        member.actions.insert(name.to_owned(), action);
    }
}

fn consumer(model: &Model, hook: &str) -> Consumer {
    let usual =
        Consumer { answers_after: model.timing.autoscaling.hook_answer, result: HookResult::Continue };
    let consumers = &model.autoscaling.consumers;
    let by_pattern =
        || consumers.iter().find(|(pattern, _)| pattern_matches(pattern, hook)).map(|(_, found)| found);
    consumers.get(hook).or_else(by_pattern).copied().unwrap_or(usual)
}

fn by_token(member: &Member, token: &str) -> Option<(String, LifecycleAction)> {
    let found = member.actions.iter().find(|(_, action)| action.token == token);
    found.map(|(name, action)| (name.clone(), action.clone()))
}

/// A heartbeat may have run out: the hook's default result holds.
pub fn due(model: &mut Model, group: &str, id: &InstanceId, token: &str) {
    let now = model.now;
    let Some((hook, action)) = lifecycle::member(model, group, id).and_then(|it| by_token(it, token)) else {
        return;
    };
    if action.deadline > now {
        let later = AutoScalingEvent::HookDue(group.to_owned(), id.clone(), token.to_owned());
        model.schedule_in(action.deadline.since(now), Event::AutoScaling(later));
        return;
    }
    let owner = model.autoscaling.groups.get(group).and_then(|group| group.hooks.get(&hook));
    let result = owner.map_or(HookResult::Abandon, Hook::default_result);
    complete(model, group, id, &hook, result, "Heartbeat Timeout");
}

/// The model's consumer of a hook has done its work.
pub fn answered(model: &mut Model, group: &str, id: &InstanceId, token: &str, result: HookResult) {
    if let Some((hook, _)) = lifecycle::member(model, group, id).and_then(|it| by_token(it, token)) {
        complete(model, group, id, &hook, result, COMPLETED);
    }
}

const COMPLETED: &str = "Lifecycle Action Completed with ABANDON Result";

/// An action is over, `why` if it abandons.
fn complete(model: &mut Model, group: &str, id: &InstanceId, hook: &str, result: HookResult, why: &str) {
    let Some(member) = lifecycle::member(model, group, id) else { return };
    let (Some(action), Some(at)) = (member.actions.remove(hook), transition(member.state)) else { return };
    if result == HookResult::Abandon {
        member.actions.clear();
    }
    let (over, warm) = (member.actions.is_empty(), member.state.is_warm());
    match (at, result) {
        (Transition::Launching, HookResult::Abandon) => {
            let token = &action.token;
            let message = format!(
                "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token {token} was abandoned: {why}"
            );
            lifecycle::abandon(model, group, id, &message);
        }
        (Transition::Launching, _) if over && warm => warm::rest(model, group, id),
        (Transition::Launching, _) if over => lifecycle::join(model, group, id),
        (Transition::Terminating, _) if over => lifecycle::terminate(model, group, id),
        _ => {}
    }
}

/// A hook is deleted: whoever waits for it no longer does. New instances are given up, the others go on
/// (DeleteLifecycleHook).
pub fn release(model: &mut Model, group: &str, hook: &str) {
    let Some(found) = model.autoscaling.groups.get(group) else { return };
    let held = found.members.iter().filter(|(_, member)| member.actions.contains_key(hook));
    let held: Vec<(InstanceId, MemberState)> = held.map(|(id, member)| (id.clone(), member.state)).collect();
    for (id, state) in held {
        let result = match transition(state) {
            Some(Transition::Launching) => HookResult::Abandon,
            _ => HookResult::Continue,
        };
        complete(model, group, &id, hook, result, "Lifecycle Hook Deleted");
    }
}

/// The instance and the hook of the action that a request names by its token or its instance.
fn asked(model: &mut Model, params: &Params) -> Result<(String, InstanceId, String), ApiError> {
    let hook = params.required("LifecycleHookName")?.to_owned();
    let (token, id) = (params.text("LifecycleActionToken"), params.text("InstanceId"));
    let group = named(model, params)?;
    let fits = |(of, member): &(&InstanceId, &Member)| {
        let action = member.actions.get(&hook);
        action.is_some_and(|action| match token {
            Some(token) => action.token == token,
            None => id == Some(of.as_str()),
        })
    };
    let found = group.members.iter().find(fits).map(|(id, _)| id.clone());
    let missing = || match (token, id) {
        (Some(token), _) => format!("No active Lifecycle Action found with token {token}"),
        (None, Some(id)) => format!("No active Lifecycle Action found with instance ID {id}"),
        (None, None) => "Either the LifecycleActionToken or the InstanceId must be specified.".to_owned(),
    };
    Ok((group.name.clone(), found.ok_or_else(|| ApiError::validation(missing()))?, hook))
}

/// CompleteLifecycleAction.
pub fn complete_asked(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let said = params.required("LifecycleActionResult")?;
    let wrong = || ApiError::validation(format!("Invalid lifecycle action result '{said}'"));
    let result = HookResult::named(said).ok_or_else(wrong)?;
    let (group, id, hook) = asked(model, params)?;
    complete(model, &group, &id, &hook, result, COMPLETED);
    Ok(Node::body())
}

/// Puts the end of an action off by another heartbeat, up to the hook's longest (RecordLifecycleActionHeartbeat).
pub fn heartbeat(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let now = model.now;
    let (group, id, hook) = asked(model, params)?;
    let Some(group) = model.autoscaling.groups.get_mut(&group) else { return Ok(Node::body()) };
    if let (Some(member), Some(terms)) = (group.members.get_mut(&id), group.hooks.get(&hook))
        && let Some(action) = member.actions.get_mut(&hook)
    {
        let longest = action.since + Duration::from_secs(terms.longest());
        action.deadline = longest.min(now + Duration::from_secs(terms.heartbeat()));
    }
    Ok(Node::body())
}
