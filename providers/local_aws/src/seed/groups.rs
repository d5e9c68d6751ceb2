//! Launch configurations, groups and what belongs to groups.

use super::Seeding;
use super::answer::{Said, items, on, params, text, time};
use crate::autoscaling::{AutoScalingEvent, front};
use crate::model::Event;
use crate::model::autoscaling::{Configuration, Launch, Member, MemberState, TemplateChoice};
use crate::model::ec2::{InstanceId, TemplateId};
use crate::timing::Delay;
use crate::wire::{Node, Params, Protocol};

pub(super) fn configurations(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("LaunchConfigurations") {
        let Some(name) = text(node, "LaunchConfigurationName") else { continue };
        // It is not made again: what it names may be gone by now.
        let made = Configuration {
            name: name.clone(),
            arn: text(node, "LaunchConfigurationARN").unwrap_or_default(),
            created: time(node, "CreatedTime").unwrap_or(seeding.model.now),
            params: params(node),
        };
        seeding.model.autoscaling.configurations.insert(name, made);
    }
}

pub(super) fn groups(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("AutoScalingGroups") {
        let Some(name) = text(node, "AutoScalingGroupName") else { continue };
        if node.get("Status").is_some() {
            seeding.note(format!("{name} is being deleted, and counts as gone"));
            continue;
        }
        untried(seeding, &name, node);
        if seeding.autoscaling("CreateAutoScalingGroup", &name, &request(node)) {
            identify(seeding, &name, node);
            register(seeding, &name);
            suspend(seeding, &name, node);
            rest(seeding, &name);
        }
    }
}

/// Others stand in for target groups.
fn untried(seeding: &mut Seeding<'_>, name: &str, node: &Node) {
    for arn in items(node, "TargetGroupARNs").iter().map(Node::text) {
        seeding.note(format!("what {name} gets by the target group {arn} is not tried out"));
    }
}

/// What is in service is registered.
fn register(seeding: &mut Seeding<'_>, name: &str) {
    let Some(group) = seeding.model.autoscaling.groups.get(name) else { return };
    let serving = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let ids: Vec<InstanceId> = serving.map(|(id, _)| id.clone()).collect();
    for arn in group.target_groups.clone() {
        ids.iter().for_each(|id| front::enlist(seeding.model, &arn, id));
    }
}

/// `CreateAutoScalingGroup` as it would be asked for today. Whoever names subnets need not name their zones.
fn request(node: &Node) -> Params {
    let request = params(node);
    match text(node, "VPCZoneIdentifier") {
        Some(_) => request.without("AvailabilityZones"),
        None => request,
    }
}

fn identify(seeding: &mut Seeding<'_>, name: &str, node: &Node) {
    let members: Vec<(InstanceId, Member)> =
        items(node, "Instances").iter().filter_map(|it| member(seeding, it)).collect();
    for (id, member) in &members {
        if member.state == MemberState::Pending {
            let arrive = AutoScalingEvent::Arrive(name.to_owned(), id.clone());
            seeding.model.schedule(Delay::secs(1, 5), Event::AutoScaling(arrive));
        }
    }
    let Some(group) = seeding.model.autoscaling.groups.get_mut(name) else { return };
    group.arn = text(node, "AutoScalingGroupARN").unwrap_or_default();
    group.created = time(node, "CreatedTime").unwrap_or(group.created);
    group.metrics = items(node, "EnabledMetrics").iter().filter_map(|it| text(it, "Metric")).collect();
    group.occasion.clear();
    group.members = members.into_iter().collect();
}

fn member(seeding: &Seeding<'_>, node: &Node) -> Option<(InstanceId, Member)> {
    let id = InstanceId::from(node.text_of("InstanceId")?);
    let launched = seeding.model.ec2.instances.get(&id)?.launched;
    let state = match node.text_of("LifecycleState")? {
        "InService" => MemberState::InService,
        "Standby" | "EnteringStandby" => MemberState::Standby,
        pending if pending.starts_with("Pending") => MemberState::Pending,
        // It is on its way out, and whoever waits for it waits for what is left.
        _ => return None,
    };
    let zone = text(node, "AvailabilityZone").unwrap_or_default();
    let of_type = text(node, "InstanceType").unwrap_or_default();
    let member = Member {
        state,
        healthy: node.text_of("HealthStatus") != Some("Unhealthy"),
        protected: on(node, "ProtectedFromScaleIn"),
        in_service: (state != MemberState::Pending).then_some(launched),
        ..Member::new(launch(node), &zone, &of_type, launched)
    };
    Some((id, member))
}

/// An instance whose configuration is deleted names none.
fn launch(node: &Node) -> Launch {
    let Some(template) = node.get("LaunchTemplate") else {
        return Launch::Configuration(text(node, "LaunchConfigurationName").unwrap_or_default());
    };
    Launch::Template(TemplateChoice {
        id: TemplateId::from(template.text_of("LaunchTemplateId").unwrap_or_default()),
        name: text(template, "LaunchTemplateName").unwrap_or_default(),
        version: text(template, "Version").unwrap_or_default(),
    })
}

fn suspend(seeding: &mut Seeding<'_>, name: &str, node: &Node) {
    let processes = items(node, "SuspendedProcesses").iter();
    let processes = processes
        .filter_map(|it| Some((text(it, "ProcessName")?, text(it, "SuspensionReason").unwrap_or_default())));
    if let Some(group) = seeding.model.autoscaling.groups.get_mut(name) {
        group.suspended = processes.collect();
    }
}

/// AWS had time to spread a group over its zones. Where it did not, it will not do so in the copy either.
fn rest(seeding: &mut Seeding<'_>, name: &str) {
    let Some(group) = seeding.model.autoscaling.groups.get_mut(name) else { return };
    let in_zone = |zone: &String| group.members.values().filter(|member| member.zone == *zone).count();
    let counts: Vec<usize> = group.zones.iter().map(in_zone).collect();
    let (fewest, most) = (counts.iter().min().copied(), counts.iter().max().copied());
    if most > fewest.map(|fewest| fewest + 1) {
        group
            .suspended
            .insert("AZRebalance".to_owned(), "its instances were found unevenly spread".to_owned());
        seeding.note(format!("{name} is unevenly spread over its zones, and stays so"));
    }
}

pub(super) fn hooks(seeding: &mut Seeding<'_>, said: &Said) {
    each(seeding, said, "LifecycleHooks", "PutLifecycleHook", "LifecycleHookName");
}

pub(super) fn schedules(seeding: &mut Seeding<'_>, said: &Said) {
    each(
        seeding,
        said,
        "ScheduledUpdateGroupActions",
        "PutScheduledUpdateGroupAction",
        "ScheduledActionName",
    );
    for node in said.list("ScheduledUpdateGroupActions") {
        let of = ["AutoScalingGroupName", "ScheduledActionName", "ScheduledActionARN"]
            .map(|name| text(node, name));
        let [Some(group), Some(name), Some(arn)] = of else { continue };
        let group = seeding.model.autoscaling.groups.get_mut(&group);
        if let Some(action) = group.and_then(|group| group.schedule.get_mut(&name)) {
            action.arn = arn;
        }
    }
}

pub(super) fn policies(seeding: &mut Seeding<'_>, said: &Said) {
    each(seeding, said, "ScalingPolicies", "PutScalingPolicy", "PolicyName");
    for node in said.list("ScalingPolicies") {
        let of = ["AutoScalingGroupName", "PolicyName", "PolicyARN"].map(|name| text(node, name));
        let [Some(group), Some(name), Some(arn)] = of else { continue };
        let group = seeding.model.autoscaling.groups.get_mut(&group);
        if let Some(policy) = group.and_then(|group| group.policies.get_mut(&name)) {
            policy.arn = arn;
        }
    }
}

/// Makes again what a group of the answer has. Of groups that were not copied nothing can be.
fn each(seeding: &mut Seeding<'_>, said: &Said, list: &str, action: &str, name: &str) {
    for node in said.list(list) {
        let known = |group: &String| seeding.model.autoscaling.groups.contains_key(group);
        if text(node, "AutoScalingGroupName").is_some_and(|group| known(&group)) {
            let request = params(node).without("StartTime").without("Time");
            let of = text(node, name).unwrap_or_default();
            seeding.autoscaling(action, &of, &with_start(node, request));
        }
    }
}

/// A start in the past is refused, and only recurrences go on from there.
fn with_start(node: &Node, request: Params) -> Params {
    match text(node, "StartTime") {
        Some(start) if text(node, "Recurrence").is_none() => {
            let mut request = request;
            request.insert("StartTime".to_owned(), Params::leaf(Protocol::Query, start));
            request
        }
        _ => request,
    }
}
