//! What stands before a group: classic load balancers, by name, and target groups, by ARN. No name looks like an ARN, so
//! that both are told by it.

use crate::elb::health as classic;
use crate::elbv2::{health as checks, targets};
use crate::model::autoscaling::{Attachment, Group};
use crate::model::ec2::InstanceId;
use crate::model::{Model, Time};

/// Whether this is the ARN of a target group.
pub fn is_target_group(source: &str) -> bool {
    source.starts_with("arn:")
}

/// All that a group is attached to, and what its instances are leaving.
pub fn all(group: &Group) -> impl Iterator<Item = &String> {
    group.balancers.keys().chain(&group.target_groups)
}

/// What new instances are registered with.
pub fn open(group: &Group) -> impl Iterator<Item = &String> {
    let attached = group.balancers.iter().filter(|(_, attachment)| **attachment == Attachment::Attached);
    let targets = group.target_groups.iter().filter(|arn| !group.detaching.contains(*arn));
    attached.map(|(name, _)| name).chain(targets)
}

/// Whether there is such a load balancer or target group.
pub fn exists(model: &Model, source: &str) -> bool {
    model.elb.balancers.contains_key(source) || model.elbv2.groups.contains_key(source)
}

/// Registers an instance.
pub fn enlist(model: &mut Model, source: &str, id: &InstanceId) {
    match is_target_group(source) {
        true => targets::enlist_instance(model, source, id),
        false => classic::enlist(model, source, id),
    }
}

/// Begins to take an instance out; gives the moment it is gone.
pub fn dismiss(model: &mut Model, source: &str, id: &InstanceId) -> Option<Time> {
    match is_target_group(source) {
        true => targets::dismiss_instance(model, source, id),
        false => classic::dismiss(model, source, id),
    }
}

/// Whether an instance is registered, leaving ones included.
pub fn has(model: &Model, source: &str, id: &InstanceId) -> bool {
    let classic = model.elb.balancers.get(source).map(|balancer| balancer.registrations.contains_key(id));
    let targets = || model.elbv2.groups.get(source).map(|group| group.targets.contains_key(id.as_str()));
    classic.or_else(targets).unwrap_or(false)
}

/// Whether new requests are sent to an instance.
pub fn takes_requests(model: &Model, source: &str, id: &InstanceId) -> bool {
    match is_target_group(source) {
        true => checks::takes_requests(model, source, id),
        false => classic::takes_requests(model, source, id),
    }
}

/// Whether an instance must be replaced, going by the health check.
pub fn fails(model: &Model, source: &str, id: &InstanceId) -> bool {
    match is_target_group(source) {
        true => checks::fails(model, source, id),
        false => !classic::takes_requests(model, source, id),
    }
}

/// Whether an instance takes requests, and will do so unless something happens to it.
pub fn stays(model: &Model, source: &str, id: &InstanceId) -> bool {
    match is_target_group(source) {
        true => !checks::is_checked(model, source, id) || checks::stays(model, source, id),
        false => classic::stays(model, source, id),
    }
}

/// Whether an instance is leaving.
pub fn is_draining(model: &Model, source: &str, id: &InstanceId) -> bool {
    match is_target_group(source) {
        true => checks::is_draining(model, source, id),
        false => classic::is_draining(model, source, id),
    }
}
