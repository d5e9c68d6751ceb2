//! A group launches instances.

use std::collections::BTreeMap;

use crate::ec2::fleet::{self, LaunchSpec};
use crate::model::autoscaling::{Group, Launch, Member, MemberState, TemplateChoice};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model};
use crate::wire::ApiError;

use super::{AutoScalingEvent, activities, configurations, front, lifecycle, mixed, refresh, warm};

/// What the activity of a launch is called.
pub const LAUNCHING: &str = "Launching a new EC2 instance";

/// How an instance is to be launched.
pub struct Order<'a> {
    /// What the activity is called.
    pub what: &'a str,
    /// Its cause.
    pub cause: &'a str,
    /// The state the instance begins in.
    pub state: MemberState,
    /// Where; none: where the group has the fewest.
    pub subnets: Option<Vec<String>>,
}

/// Launches what a group has too little of, until it has what it wants or a launch fails; then it tries again later.
pub fn missing(model: &mut Model, name: &str, have: u64, want: u64) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let cause = format!("{}{}", group.occasion, activities::at(model.now, &reason(group, have, want)));
    let lost = front::open(group).find(|source| !front::exists(model, source)).map(|lost| lacks(lost));
    if let Some(message) = lost {
        activities::failed(model, name, LAUNCHING, cause, message);
        return again(model, name);
    }
    let order = Order { what: LAUNCHING, cause: &cause, state: MemberState::Pending, subnets: None };
    for _ in have..want {
        if warm::take(model, name, &cause) {
            continue;
        }
        if let Err(error) = one(model, name, &order) {
            tell(model, name, &cause, &error);
            return again(model, name);
        }
    }
}

/// Why nothing is launched behind a load balancer or target group that is not there.
fn lacks(source: &str) -> String {
    let what = match front::is_target_group(source) {
        true => "One or more target groups not found".to_owned(),
        false => format!("Cannot find Load Balancer {source}"),
    };
    format!("{what}. Validating load balancer configuration failed.")
}

/// Launches so many instances into the warm pool.
pub fn into_pool(model: &mut Model, name: &str, count: u64, cause: &str) {
    let what = "Launching a new EC2 instance into warm pool";
    let order = Order { what, cause, state: MemberState::WarmedPending, subnets: None };
    for _ in 0..count {
        if let Err(error) = one(model, name, &order) {
            tell(model, name, cause, &error);
            return again(model, name);
        }
    }
}

/// A launch has failed: the group tries again later.
fn again(model: &mut Model, name: &str) {
    let again = Event::AutoScaling(AutoScalingEvent::Reconcile(name.to_owned()));
    model.schedule(model.timing.autoscaling.health_check, again);
}

fn reason(group: &Group, have: u64, want: u64) -> String {
    let replaces = |member: &Member| !member.healthy && (member.outgoing || member.state.is_terminating());
    if group.occasion.is_empty() && group.members.values().any(replaces) {
        return "an instance was launched in response to an unhealthy instance needing to be replaced."
            .to_owned();
    }
    if group.balancing > 0 {
        return format!(
            "instances were launched to balance instances in zones {} with other zones resulting in more than desired number of instances in the group.",
            group.zones.join(" ")
        );
    }
    format!(
        "an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {have} to {want}."
    )
}

/// Launches one instance.
pub fn one(model: &mut Model, name: &str, order: &Order<'_>) -> Result<InstanceId, ApiError> {
    let found = model.autoscaling.groups.get(name).ok_or_else(|| super::not_found(name))?;
    let (group, now) = (Group { activities: Default::default(), ..found.clone() }, model.now);
    let (id, launch) = somewhere(model, &group, order)?;
    activities::begin(model, name, &id, order.what, order.cause.to_owned(), "PreInService");
    let launch = pinned(model, &launch);
    let Some(instance) = fleet::instance(model, id.as_str()) else { return Ok(id) };
    let member = Member {
        state: order.state,
        protected: group.settings.protect_new,
        ..Member::new(launch, &instance.zone, &instance.instance_type, now)
    };
    if let Some(group) = model.autoscaling.groups.get_mut(name) {
        group.members.insert(id.clone(), member);
    }
    lifecycle::expect(model, name, &id);
    Ok(id)
}

fn tell(model: &mut Model, group: &str, cause: &str, error: &ApiError) {
    let message = format!("{} Launching EC2 instance failed.", error.message);
    activities::failed(model, group, LAUNCHING, cause.to_owned(), message);
}

/// Launches where the group has the fewest instances; where a zone has no room for a type, that is told, and the next
/// type or zone is tried.
fn somewhere(model: &mut Model, group: &Group, order: &Order<'_>) -> Result<(InstanceId, Launch), ApiError> {
    let choices = mixed::choices(model, &refresh::blueprint(group));
    let subnets = order.subnets.clone().unwrap_or_else(|| by_crowd(group, model));
    let everywhere = subnets.iter().flat_map(|subnet| choices.iter().map(move |choice| (subnet, choice)));
    let mut refused = ApiError::validation("The group has no subnet.");
    for (subnet, choice) in everywhere {
        match started(model, group, subnet, choice) {
            Ok(id) => return Ok((id, choice.launch.clone())),
            Err(error) if error.code == "InsufficientInstanceCapacity" => {
                tell(model, &group.name, order.cause, &error);
                refused = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused)
}

fn started(
    model: &mut Model,
    group: &Group,
    subnet: &str,
    choice: &mixed::Choice,
) -> Result<InstanceId, ApiError> {
    let mut spec = spec(model, &choice.launch)?;
    spec.instance_type = choice.instance_type.clone().unwrap_or(spec.instance_type);
    spec.subnet = Some(subnet.to_owned());
    spec.zone = None;
    let propagated = group.tags.iter().filter(|(_, tag)| tag.propagate);
    let tags = spec.tags.entry("instance".to_owned()).or_default();
    tags.extend(propagated.map(|(key, tag)| (key.clone(), tag.value.clone())));
    tags.insert("aws:autoscaling:groupName".to_owned(), group.name.clone());
    fleet::launch(model, &spec)
}

/// What a launch configuration or template says of an instance.
pub fn spec(model: &Model, launch: &Launch) -> Result<LaunchSpec, ApiError> {
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
pub fn pinned(model: &Model, launch: &Launch) -> Launch {
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
