//! Load balancers, what is registered with them, and how it is.

use super::Seeding;
use super::answer::{Said, items, params, text, time};
use crate::model::behaviour::Condition;
use crate::model::ec2::InstanceId;
use crate::model::elb::{Registration, Standing};
use crate::wire::{Node, Params, Protocol};

pub(super) fn balancers(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("LoadBalancerDescriptions") {
        if let Some(name) = text(node, "LoadBalancerName")
            && seeding.elb("CreateLoadBalancer", &name, &request(node))
        {
            check(seeding, &name, node);
            identify(seeding, &name, node);
        }
    }
}

/// `CreateLoadBalancer` as it would be asked for today.
fn request(node: &Node) -> Params {
    let mut request = params(node);
    let listeners = items(node, "ListenerDescriptions").iter().filter_map(|it| it.get("Listener"));
    for (number, listener) in (1..).zip(listeners) {
        let mut members = request.get("Listeners").cloned().unwrap_or_else(|| Params::empty(Protocol::Query));
        members.insert(format!("{number}"), params(listener));
        request.insert("Listeners".to_owned(), members);
    }
    // A load balancer has the zones of its subnets.
    let placed = !items(node, "Subnets").is_empty();
    if placed { request.without("AvailabilityZones") } else { request }
}

fn check(seeding: &mut Seeding<'_>, name: &str, node: &Node) {
    let Some(check) = node.get("HealthCheck") else { return };
    let mut request = Params::empty(Protocol::Query).with("LoadBalancerName", name);
    request.insert("HealthCheck".to_owned(), params(check));
    seeding.elb("ConfigureHealthCheck", name, &request);
}

fn identify(seeding: &mut Seeding<'_>, name: &str, node: &Node) {
    let now = seeding.model.now;
    let Some(balancer) = seeding.model.elb.balancers.get_mut(name) else { return };
    balancer.created = time(node, "CreatedTime").unwrap_or(now);
    balancer.resolvable = balancer.created;
    if let Some(dns_name) = text(node, "DNSName") {
        balancer.dns_name = dns_name;
    }
    let seat =
        Registration { since: balancer.created, first_probe: now, standing: Standing::In, leaves: None };
    let registered = items(node, "Instances").iter().filter_map(|it| it.text_of("InstanceId"));
    balancer.registrations = registered.map(|id| (InstanceId::from(id), seat.clone())).collect();
}

pub(super) fn attributes(seeding: &mut Seeding<'_>, said: &Said) {
    let Some(name) = said.asked.text("LoadBalancerName") else { return };
    let Some(attributes) = super::answer::find(&said.root, "LoadBalancerAttributes") else { return };
    let mut request = Params::empty(Protocol::Query).with("LoadBalancerName", name);
    request.insert("LoadBalancerAttributes".to_owned(), params(attributes));
    seeding.elb("ModifyLoadBalancerAttributes", name, &request);
}

/// The same operation exists in other services, whose answers look different.
pub(super) fn tags(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("TagDescriptions") {
        let Some(balancer) = text(node, "LoadBalancerName") else { continue };
        let tags = items(node, "Tags").iter();
        let tags = tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value").unwrap_or_default())));
        if let Some(balancer) = seeding.model.elb.balancers.get_mut(&balancer) {
            balancer.tags = tags.collect();
        }
    }
}

/// What is out of service stays so: nobody can know better. What is leaving has left.
pub(super) fn health(seeding: &mut Seeding<'_>, said: &Said) {
    let Some(name) = said.asked.text("LoadBalancerName") else { return };
    for node in said.list("InstanceStates") {
        let Some(id) = node.text_of("InstanceId") else { continue };
        let leaving = text(node, "Description").is_some_and(|why| why.contains("deregistration"));
        if leaving && let Some(balancer) = seeding.model.elb.balancers.get_mut(name) {
            balancer.registrations.remove(id);
        }
        if node.text_of("State") == Some("OutOfService") {
            out(seeding, name, id);
        }
    }
}

fn out(seeding: &mut Seeding<'_>, name: &str, id: &str) {
    if let Some(seat) = seeding.model.elb.balancers.get_mut(name).and_then(|it| it.registrations.get_mut(id))
    {
        seat.standing = Standing::New;
    }
    let now = seeding.model.now;
    if let Some(instance) = seeding.model.ec2.instances.get_mut(id) {
        instance.life.turn(instance.launched.min(now), Condition::Closed);
    }
    seeding.note(format!("{id} is out of service behind {name}, and stays so"));
}
