//! What there is in an account, and what a state knows of.

use std::collections::BTreeSet;

use infra_engine::state::State;
use infra_local_aws::model::Model;
use infra_local_aws::model::autoscaling::Group;

/// Objects as a state names them: kind and id.
pub type Objects = BTreeSet<(String, String)>;

/// The objects that a state knows of, older ones included.
pub fn known(state: &State) -> Objects {
    let records = state.records.values();
    let named = records.flat_map(|record| record.objects().map(|object| (&record.kind, &object.id)));
    named.map(|(kind, id)| (kind.to_string(), id.to_string())).collect()
}

/// The objects there are beyond those that every account is born with, and those that come and go with another, as a
/// group's instances do.
pub fn there(model: &Model) -> Objects {
    let (ec2, scaling) = (&model.ec2, &model.autoscaling);
    let own = |vpc| ec2.vpcs.get(vpc).is_some_and(|vpc| !vpc.is_default);
    let vpcs = ec2.vpcs.values().filter(|vpc| !vpc.is_default);
    let subnets = ec2.subnets.values().filter(|subnet| own(&subnet.vpc));
    let tables = ec2.route_tables.values().filter(|table| own(&table.vpc));
    let tables = tables.filter(|table| table.associations.iter().all(|use_| use_.subnet.is_some()));
    let gateways = ec2.gateways.values().filter(|gateway| gateway.vpc.as_ref().is_none_or(own));
    let firewalls = ec2.groups.values().filter(|group| group.name != "default");
    let policies = scaling.groups.values().flat_map(|group| group.policies.values());
    let kinds: [(&str, Vec<String>); 17] = [
        ("autoscaling_group", scaling.groups.keys().cloned().collect()),
        ("elb", model.elb.balancers.keys().cloned().collect()),
        ("instance", machines(model)),
        ("internet_gateway", gateways.map(|it| it.id.to_string()).collect()),
        ("key_pair", ec2.key_pairs.keys().cloned().collect()),
        ("launch_configuration", scaling.configurations.keys().cloned().collect()),
        ("launch_template", ec2.templates.keys().map(ToString::to_string).collect()),
        ("lifecycle_hook", of_groups(model, |group| group.hooks.keys().cloned().collect())),
        ("metric_alarm", model.cloudwatch.alarms.keys().cloned().collect()),
        ("route53_record", records(model)),
        ("route53_zone", model.route53.zones.keys().cloned().collect()),
        ("route_table", tables.map(|it| it.id.to_string()).collect()),
        ("scaling_policy", policies.map(|it| it.arn.clone()).collect()),
        ("scheduled_action", of_groups(model, |group| group.schedule.keys().cloned().collect())),
        ("security_group", firewalls.map(|it| it.id.to_string()).collect()),
        ("subnet", subnets.map(|it| it.id.to_string()).collect()),
        ("vpc", vpcs.map(|it| it.id.to_string()).collect()),
    ];
    let flat = kinds.into_iter().flat_map(|(kind, ids)| ids.into_iter().map(move |id| (kind.to_owned(), id)));
    flat.collect()
}

/// Instances that live and that no group keeps.
fn machines(model: &Model) -> Vec<String> {
    let kept = |id| model.autoscaling.groups.values().any(|group| group.members.contains_key(id));
    let living = model.ec2.instances.values().filter(|instance| instance.state.exists());
    living.filter(|instance| !kept(&instance.id)).map(|instance| instance.id.to_string()).collect()
}

fn records(model: &Model) -> Vec<String> {
    let zones = model.route53.zones.values();
    let records = zones.flat_map(|zone| zone.records.values().map(move |record| (&zone.id, record)));
    let own = records.filter(|(_, record)| !matches!(&*record.kind, "NS" | "SOA"));
    own.map(|(zone, record)| {
        let set = record.set_identifier.as_ref().map_or_else(String::new, |set| format!("/{set}"));
        format!("{zone}/{}/{}{set}", record.name.trim_end_matches('.'), record.kind)
    })
    .collect()
}

fn of_groups(model: &Model, names: fn(&Group) -> Vec<String>) -> Vec<String> {
    let groups = model.autoscaling.groups.values();
    groups.flat_map(|group| names(group).into_iter().map(|name| format!("{}/{name}", group.name))).collect()
}

/// How all stands that has no id of its own, without names that differ from one run to the next.
pub fn details(model: &Model) -> String {
    let mut lines: Vec<String> = model.autoscaling.groups.values().map(group).collect();
    lines.extend(model.elb.balancers.values().map(|elb| {
        let ports: Vec<&u16> = elb.listeners.keys().collect();
        format!("elb: {} registered, {ports:?}, {} policies", elb.registrations.len(), elb.policies.len())
    }));
    lines.extend(model.ec2.templates.values().map(|it| format!("template: {} versions", it.versions.len())));
    lines.extend(model.ec2.groups.values().map(|it| format!("firewall: {} rules", it.rules.len())));
    lines.extend(model.ec2.route_tables.values().map(|it| format!("routes: {}", it.routes.len())));
    lines.push(format!("{} volumes", model.ec2.volumes.len()));
    lines.sort();
    lines.join("\n")
}

fn group(group: &Group) -> String {
    let suspended: Vec<&String> = group.suspended.keys().collect();
    let address = group.tags.get("infra:address").map_or("?", |tag| &tag.value);
    let (members, check) = (group.members.len(), &group.settings.health_check_type);
    format!("{address}: {:?}, {members} members, {check}, {suspended:?}", group.size)
}
