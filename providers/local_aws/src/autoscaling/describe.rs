//! Describing groups and their instances.

use crate::model::Model;
use crate::model::autoscaling::{Blueprint, Group, Launch, Maintenance, Member};
use crate::model::ec2::InstanceId;
use crate::wire::{ApiError, Node, Params, paginate};

use super::{mixed, tags, warm};

pub fn groups(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.texts("AutoScalingGroupNames");
    let filters = params.list("Filters");
    let fits = |group: &&Group| {
        let named = names.is_empty() || names.contains(&group.name.as_str());
        named && filters.iter().all(|filter| tagged(group, filter))
    };
    let chosen: Vec<&Group> = model.autoscaling.groups.values().filter(fits).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    let bare = params.bool("IncludeInstances")? == Some(false);
    let found = page.into_iter().map(|group| description(model, group, !bare));
    Ok(Node::body().members("AutoScalingGroups", found).maybe("NextToken", next))
}

/// `tag-key`, `tag-value` or `tag:KEY` (DescribeAutoScalingGroups, `Filters`).
fn tagged(group: &Group, filter: &Params) -> bool {
    let (name, values) = (filter.text("Name").unwrap_or_default(), filter.texts("Values"));
    match (name, name.strip_prefix("tag:")) {
        ("tag-key", _) => group.tags.keys().any(|key| values.contains(&key.as_str())),
        ("tag-value", _) => group.tags.values().any(|tag| values.contains(&tag.value.as_str())),
        (_, Some(key)) => group.tags.get(key).is_some_and(|tag| values.contains(&tag.value.as_str())),
        _ => false,
    }
}

fn launch(node: Node, launch: &Launch) -> Node {
    match launch {
        Launch::Configuration(name) => {
            node.maybe("LaunchConfigurationName", Some(name).filter(|name| !name.is_empty()))
        }
        Launch::Template(template) => node.child("LaunchTemplate", mixed::template_node(template)),
    }
}

/// What instances are launched from, with the policy in the template's place if there is one.
pub fn blueprint(node: Node, of: &Blueprint) -> Node {
    match (&of.launch, &of.mixed) {
        (Launch::Template(template), Some(sent)) => {
            node.child("MixedInstancesPolicy", mixed::node(template, sent))
        }
        (plain, _) => launch(node, plain),
    }
}

fn member(id: &InstanceId, member: &Member) -> Node {
    let node = Node::body()
        .field("InstanceId", id)
        .field("InstanceType", &member.instance_type)
        .field("AvailabilityZone", &member.zone)
        .field("LifecycleState", member.state.word())
        .field("HealthStatus", if member.healthy { "Healthy" } else { "Unhealthy" })
        .field("ProtectedFromScaleIn", member.protected);
    launch(node, &member.launch)
}

/// A launch configuration that is deleted is no longer named on its instances.
pub fn instance(model: &Model, id: &InstanceId, of: &Member) -> Node {
    match &of.launch {
        Launch::Configuration(name) if !model.autoscaling.configurations.contains_key(name) => {
            let bare = Member { launch: Launch::Configuration(String::new()), ..of.clone() };
            member(id, &bare)
        }
        _ => member(id, of),
    }
}

fn description(model: &Model, group: &Group, with_instances: bool) -> Node {
    let settings = &group.settings;
    let suspended = group
        .suspended
        .iter()
        .map(|(name, reason)| Node::body().field("ProcessName", name).field("SuspensionReason", reason));
    let metrics =
        group.metrics.iter().map(|name| Node::body().field("Metric", name).field("Granularity", "1Minute"));
    let live = group.members.iter().filter(|(_, member)| with_instances && !member.state.is_warm());
    let node = Node::body()
        .field("AutoScalingGroupName", &group.name)
        .field("AutoScalingGroupARN", &group.arn)
        .field("MinSize", group.size.min)
        .field("MaxSize", group.size.max)
        .field("DesiredCapacity", group.size.desired)
        .field("DefaultCooldown", settings.cooldown)
        .members("AvailabilityZones", group.zones.iter().map(Node::value))
        .members("LoadBalancerNames", group.balancers.keys().map(Node::value))
        .members("TargetGroupARNs", group.target_groups.iter().map(Node::value))
        .field("HealthCheckType", &settings.health_check_type)
        .field("HealthCheckGracePeriod", settings.grace)
        .members("Instances", live.map(|(id, member)| instance(model, id, member)))
        .members("TrafficSources", traffic(group))
        .field("CreatedTime", group.created.stamp())
        .members("SuspendedProcesses", suspended)
        .maybe("PlacementGroup", settings.placement_group.as_ref())
        .field("VPCZoneIdentifier", group.subnets.join(","))
        .members("EnabledMetrics", metrics)
        .maybe("Status", group.deleting.then_some("Delete in progress"))
        .members("Tags", group.tags.iter().map(|(key, tag)| tags::node(&group.name, key, tag)))
        .members("TerminationPolicies", settings.termination_policies.iter().map(Node::value))
        .field("NewInstancesProtectedFromScaleIn", settings.protect_new)
        .field("ServiceLinkedRoleARN", &settings.service_role)
        .maybe("MaxInstanceLifetime", settings.max_lifetime)
        .field("CapacityRebalance", settings.capacity_rebalance)
        .maybe("DefaultInstanceWarmup", settings.default_warmup)
        .maybe("DeletionProtection", settings.deletion_protection.as_ref());
    let node = match settings.maintenance {
        Some(Maintenance { min, max }) => {
            let policy = Node::body().field("MinHealthyPercentage", min).field("MaxHealthyPercentage", max);
            node.child("InstanceMaintenancePolicy", policy)
        }
        None => node,
    };
    let node = match &group.warm {
        Some(pool) => {
            node.child("WarmPoolConfiguration", warm::node(pool)).field("WarmPoolSize", warm::size(group))
        }
        None => node,
    };
    blueprint(node, &Blueprint { launch: group.launch.clone(), mixed: group.mixed.clone() })
}

fn traffic(group: &Group) -> impl Iterator<Item = Node> + '_ {
    let source = |id: &str, kind: &str| Node::body().field("Identifier", id).field("Type", kind);
    let classic = group.balancers.keys().map(move |name| source(name, "elb"));
    classic.chain(group.target_groups.iter().map(move |arn| source(arn, "elbv2")))
}

pub fn instances(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = params.texts("InstanceIds");
    let groups = model.autoscaling.groups.values();
    let all = groups.flat_map(|group| group.members.iter().map(move |(id, member)| (group, id, member)));
    let chosen: Vec<Node> = all
        .filter(|(_, id, _)| ids.is_empty() || ids.contains(&id.as_str()))
        .map(|(group, id, of)| instance(model, id, of).field("AutoScalingGroupName", &group.name))
        .collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 50);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("AutoScalingInstances", page).maybe("NextToken", next))
}

pub fn limits(model: &Model) -> Node {
    Node::body()
        .field("MaxNumberOfAutoScalingGroups", 500)
        .field("MaxNumberOfLaunchConfigurations", 200)
        .field("NumberOfAutoScalingGroups", model.autoscaling.groups.len())
        .field("NumberOfLaunchConfigurations", model.autoscaling.configurations.len())
}
