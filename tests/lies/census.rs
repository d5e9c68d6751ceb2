//! How many there are of everything in an account, whatever it is called.

use std::collections::BTreeMap;

use infra_local_aws::model::Model;
use infra_local_aws::model::ec2::InstanceState;

/// So many of each, a word and a number each; what there are none of is left out.
pub fn census(model: &mut Model) -> String {
    let mut all = compute(model);
    all.extend(services(model));
    all.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what} {count}\n")).collect()
}

fn compute(model: &Model) -> BTreeMap<&'static str, usize> {
    let ec2 = &model.ec2;
    let lives = |state| matches!(state, InstanceState::Pending | InstanceState::Running);
    let own = |owner: &str| owner == model.account;
    let rules = ec2.groups.values().map(|group| group.rules.len()).sum();
    BTreeMap::from([
        ("vpcs", ec2.vpcs.len()),
        ("subnets", ec2.subnets.len()),
        ("gateways", ec2.gateways.len()),
        ("route tables", ec2.route_tables.len()),
        ("security groups", ec2.groups.len()),
        ("rules", rules),
        ("key pairs", ec2.key_pairs.len()),
        ("instances", ec2.instances.values().filter(|instance| lives(instance.state)).count()),
        ("volumes", ec2.volumes.len()),
        ("images", ec2.images.values().filter(|image| own(&image.owner)).count()),
        ("snapshots", ec2.snapshots.len()),
        ("templates", ec2.templates.len()),
    ])
}

fn services(model: &Model) -> BTreeMap<&'static str, usize> {
    let groups = || model.autoscaling.groups.values();
    let zones = || model.route53.zones.values();
    BTreeMap::from([
        ("configurations", model.autoscaling.configurations.len()),
        ("groups", groups().count()),
        ("policies", groups().map(|group| group.policies.len()).sum()),
        ("scheduled actions", groups().map(|group| group.schedule.len()).sum()),
        ("hooks", groups().map(|group| group.hooks.len()).sum()),
        ("suspended processes", groups().map(|group| group.suspended.len()).sum()),
        ("desired", groups().map(|group| usize::try_from(group.size.desired).unwrap_or(usize::MAX)).sum()),
        ("alarms", model.cloudwatch.alarms.len()),
        ("balancers", model.elb.balancers.len()),
        ("listeners", model.elb.balancers.values().map(|balancer| balancer.listeners.len()).sum()),
        ("zones", zones().count()),
        ("records", zones().map(|zone| zone.records.len()).sum()),
    ])
}
