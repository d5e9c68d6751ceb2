//! A group compares what it has with what it wants.

use std::collections::BTreeMap;

use crate::ec2::fleet::{self, LaunchSpec};
use crate::model::autoscaling::{Group, Launch, Member, MemberState, TemplateChoice};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model};
use crate::wire::ApiError;

use super::{AutoScalingEvent, activities, configurations, health, lifecycle};

/// Has a group look at itself soon: something about it has changed.
pub fn poke(model: &mut Model, group: &str) {
    let event = Event::AutoScaling(AutoScalingEvent::Reconcile(group.to_owned()));
    model.schedule(model.timing.autoscaling.reconcile, event);
    health::wake(model, group);
}

/// Launches what is missing and ends what is too much.
pub fn reconcile(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name).filter(|group| !group.deleting) else { return };
    let (have, want) = (group.counted(), group.size.desired);
    if have < want && group.runs("Launch") {
        for _ in have..want {
            if !launch(model, name, have, want) {
                break;
            }
        }
    } else if have > want && group.runs("Terminate") {
        for id in surplus(group, have - want) {
            let cause = format!(
                "an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from {have} to {want}."
            );
            lifecycle::leave(model, name, &id, MemberState::Terminating, &cause);
        }
    }
}

/// Launches one instance; false if that failed, in which case the group tries again later.
fn launch(model: &mut Model, name: &str, have: u64, want: u64) -> bool {
    let cause = format!(
        "an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {have} to {want}."
    );
    let Some(group) = model.autoscaling.groups.get(name).cloned() else { return false };
    match started_somewhere(model, &group, &cause) {
        Ok(id) => {
            activities::begin(model, name, &id, format!("Launching a new EC2 instance: {id}"), &cause);
            admit(model, &group, &id);
            true
        }
        Err(error) => {
            tell(model, name, &cause, &error);
            let again = Event::AutoScaling(AutoScalingEvent::Reconcile(name.to_owned()));
            model.schedule(model.timing.autoscaling.health_check, again);
            false
        }
    }
}

fn tell(model: &mut Model, group: &str, cause: &str, error: &ApiError) {
    let message = format!("{} Launching EC2 instance failed.", error.message);
    activities::failed(model, group, "Launching a new EC2 instance", cause, message);
}

/// Launches where the group has the fewest instances; where a zone has no room, that is told, and the next is tried.
fn started_somewhere(model: &mut Model, group: &Group, cause: &str) -> Result<InstanceId, ApiError> {
    let mut subnets = by_crowd(group, model).into_iter().peekable();
    while let Some(subnet) = subnets.next() {
        match started(model, group, &subnet) {
            Err(error) if error.code == "InsufficientInstanceCapacity" && subnets.peek().is_some() => {
                tell(model, &group.name, cause, &error);
            }
            done => return done,
        }
    }
    Err(ApiError::validation("The group has no subnet."))
}

fn started(model: &mut Model, group: &Group, subnet: &str) -> Result<InstanceId, ApiError> {
    let mut spec = spec(model, &group.launch)?;
    spec.subnet = Some(subnet.to_owned());
    spec.zone = None;
    let propagated = group.tags.iter().filter(|(_, tag)| tag.propagate);
    let tags = spec.tags.entry("instance".to_owned()).or_default();
    tags.extend(propagated.map(|(key, tag)| (key.clone(), tag.value.clone())));
    tags.insert("aws:autoscaling:groupName".to_owned(), group.name.clone());
    fleet::launch(model, &spec)
}

/// What a group launches now.
fn spec(model: &Model, launch: &Launch) -> Result<LaunchSpec, ApiError> {
    match launch {
        Launch::Configuration(name) => {
            let found = model.autoscaling.configurations.get(name);
            configurations::spec(&found.ok_or_else(|| configurations::unknown(name))?.params)
        }
        Launch::Template(template) => {
            fleet::launch_template(model, template.id.as_str(), Some(&template.version)).map(|(spec, _)| spec)
        }
    }
}

/// What a launch is called on the instance: the version of a template is by then a number.
fn pinned(model: &Model, launch: &Launch) -> Launch {
    match launch {
        Launch::Configuration(_) => launch.clone(),
        Launch::Template(template) => {
            match fleet::launch_template(model, template.id.as_str(), Some(&template.version)) {
                Ok((_, exact)) => Launch::Template(TemplateChoice {
                    version: exact.version.to_string(),
                    ..template.clone()
                }),
                Err(_) => launch.clone(),
            }
        }
    }
}

/// Takes a new instance into the group.
fn admit(model: &mut Model, group: &Group, id: &InstanceId) {
    let Some(instance) = fleet::instance(model, id.as_str()) else { return };
    let member = Member {
        state: MemberState::Pending,
        healthy: true,
        protected: group.settings.protect_new,
        launch: pinned(model, &group.launch),
        zone: instance.zone.clone(),
        instance_type: instance.instance_type.clone(),
        in_service: None,
    };
    if let Some(group) = model.autoscaling.groups.get_mut(&group.name) {
        group.members.insert(id.clone(), member);
    }
    lifecycle::expect(model, &group.name, id);
}

/// The group's subnets, those whose zone has the fewest of its instances first; of equals as they were given.
fn by_crowd(group: &Group, model: &Model) -> Vec<String> {
    let mut by_zone: BTreeMap<&str, usize> = BTreeMap::new();
    for member in group.members.values().filter(|member| member.state.counts()) {
        *by_zone.entry(member.zone.as_str()).or_default() += 1;
    }
    let zone =
        |subnet: &str| fleet::subnet(model, subnet).map(|subnet| subnet.zone.clone()).unwrap_or_default();
    let crowd = |subnet: &String| by_zone.get(zone(subnet).as_str()).copied().unwrap_or_default();
    let mut subnets = group.subnets.clone();
    subnets.sort_by_key(crowd);
    subnets
}

/// Which instances scale-in takes: each time one from the fullest zone, by the group's first termination policy.
fn surplus(group: &Group, count: u64) -> Vec<InstanceId> {
    let mut left: BTreeMap<&InstanceId, &Member> =
        group.members.iter().filter(|(_, member)| member.state.counts()).collect();
    let mut chosen = Vec::new();
    for _ in 0..count {
        let Some(id) = victim(group, &left) else { break };
        left.remove(&id);
        chosen.push(id);
    }
    chosen
}

fn victim(group: &Group, left: &BTreeMap<&InstanceId, &Member>) -> Option<InstanceId> {
    let crowd = |zone: &str| left.values().filter(|member| member.zone == zone).count();
    let fullest = left.values().map(|member| crowd(&member.zone)).max()?;
    let open = left.iter().filter(|(_, member)| !member.protected && crowd(&member.zone) == fullest);
    let policy = group.settings.termination_policies.first().map_or("Default", String::as_str);
    // An instance that never came into service counts as the newest.
    let age = |member: &Member| member.in_service.map_or(u64::MAX, |since| since.0);
    let best = match policy {
        "NewestInstance" => open.max_by_key(|(_, member)| age(member)),
        "OldestInstance" => open.min_by_key(|(_, member)| age(member)),
        // Those of an older launch setting first, then the oldest: near enough to "closest to the next billing hour".
        _ => open.min_by_key(|(_, member)| (member.launch == group.launch, age(member))),
    };
    best.map(|(id, _)| (*id).clone())
}
