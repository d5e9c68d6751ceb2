//! Application load balancing: load balancers, listeners, rules and target groups (Elastic Load Balancing, API version
//! 2015-12-01).
//!
//! Network and gateway load balancers, and targets that are functions, are refused.

mod actions;
mod attributes;
mod balancers;
mod certificates;
mod check;
mod groups;
pub(crate) mod health;
mod listeners;
mod network;
mod rules;
mod tags;
pub(crate) mod targets;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::service::unknown_action;
use crate::wire::{ApiError, Node, Params, paginate};

/// What application load balancing does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Elbv2Event {
    /// The deregistration delay of a target is over.
    Left {
        /// The ARN of the target group.
        group: String,
        /// The target's id.
        target: String,
        /// Its port.
        port: u16,
    },
}

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(model: &mut Model, action: &str, params: &Params) -> Result<Node, ApiError> {
    if !action.starts_with("Describe") {
        crate::autoscaling::targets_changed(model);
    }
    match action {
        "CreateLoadBalancer" => balancers::create(model, params),
        "DescribeLoadBalancers" => balancers::describe(model, params),
        "DeleteLoadBalancer" => balancers::delete(model, params),
        "ModifyLoadBalancerAttributes" => attributes::modify_balancer(model, params),
        "DescribeLoadBalancerAttributes" => attributes::describe_balancer(model, params),
        "SetSubnets" => network::set_subnets(model, params),
        "SetSecurityGroups" => network::set_groups(model, params),
        "SetIpAddressType" => network::set_address_type(model, params),
        "CreateTargetGroup" => groups::create(model, params),
        "DescribeTargetGroups" => groups::describe(model, params),
        "ModifyTargetGroup" => groups::modify(model, params),
        "DeleteTargetGroup" => groups::delete(model, params),
        "ModifyTargetGroupAttributes" => attributes::modify_group(model, params),
        "DescribeTargetGroupAttributes" => attributes::describe_group(model, params),
        "RegisterTargets" => targets::register(model, params),
        "DeregisterTargets" => targets::deregister(model, params),
        "DescribeTargetHealth" => health::describe(model, params),
        "CreateListener" => listeners::create(model, params),
        "DescribeListeners" => listeners::describe(model, params),
        "ModifyListener" => listeners::modify(model, params),
        "DeleteListener" => listeners::delete(model, params),
        "AddListenerCertificates" => certificates::add(model, params),
        "RemoveListenerCertificates" => certificates::remove(model, params),
        "DescribeListenerCertificates" => certificates::describe(model, params),
        "CreateRule" => rules::create(model, params),
        "DescribeRules" => rules::describe(model, params),
        "ModifyRule" => rules::modify(model, params),
        "DeleteRule" => rules::delete(model, params),
        "SetRulePriorities" => rules::set_priorities(model, params),
        "AddTags" => tags::add(model, params),
        "RemoveTags" => tags::remove(model, params),
        "DescribeTags" => tags::describe(model, params),
        "DescribeAccountLimits" => Ok(limits()),
        _ => Err(unknown_action(action)),
    }
}

/// Lets an event happen, at `model.now`.
pub fn apply(model: &mut Model, event: Elbv2Event) {
    match event {
        Elbv2Event::Left { group, target, port } => targets::left(model, &group, &target, port),
    }
}

/// Whether there is a target group with this ARN. If nobody can know, one to which nothing is sent stands in for it.
pub(crate) fn is_group(model: &mut Model, arn: &str) -> bool {
    let groups = &mut model.elbv2.groups;
    if model.elbv2.surveyed && arn.contains(GROUP.part) && !groups.contains_key(arn) {
        groups.insert(arn.to_owned(), groups::unknown(arn));
    }
    groups.contains_key(arn)
}

/// A kind of thing that has an ARN.
struct Kind {
    /// What a request is answered that names one which is not there.
    code: &'static str,
    /// In the words of messages.
    noun: &'static str,
    /// Where its name begins in an ARN.
    part: &'static str,
}

const BALANCER: Kind =
    Kind { code: "LoadBalancerNotFound", noun: "load balancer", part: ":loadbalancer/app/" };
const GROUP: Kind = Kind { code: "TargetGroupNotFound", noun: "target group", part: ":targetgroup/" };
const LISTENER: Kind = Kind { code: "ListenerNotFound", noun: "listener", part: ":listener/app/" };
const RULE: Kind = Kind { code: "RuleNotFound", noun: "rule", part: ":listener-rule/app/" };

impl Kind {
    fn missing(&self) -> ApiError {
        ApiError::new(self.code, format!("One or more {}s not found", self.noun))
    }

    /// Why there is nothing with this ARN.
    fn refused(&self, arn: &str) -> ApiError {
        if arn.starts_with("arn:") && arn.contains(self.part) {
            return self.missing();
        }
        ApiError::validation(format!("'{arn}' is not a valid {} ARN", self.noun))
    }

    fn find<'m, T>(&self, all: &'m BTreeMap<String, T>, arn: &str) -> Result<&'m T, ApiError> {
        all.get(arn).ok_or_else(|| self.refused(arn))
    }

    fn find_mut<'m, T>(&self, all: &'m mut BTreeMap<String, T>, arn: &str) -> Result<&'m mut T, ApiError> {
        all.get_mut(arn).ok_or_else(|| self.refused(arn))
    }

    /// Those with the ARNs of a list, all of them if it is empty.
    fn chosen<'m, T>(&self, all: &'m BTreeMap<String, T>, arns: &[&str]) -> Result<Vec<&'m T>, ApiError> {
        match arns {
            [] => Ok(all.values().collect()),
            arns => arns.iter().map(|arn| self.find(all, arn)).collect(),
        }
    }
}

/// Most a describe gives at once (`PageSize`).
const PAGE: i64 = 400;

/// One page of a list, and the marker of the next.
fn page(params: &Params, list: &'static str, all: Vec<Node>) -> Result<Node, ApiError> {
    let size = params.int("PageSize")?.unwrap_or(PAGE).clamp(1, PAGE);
    let (page, next) = paginate(all, usize::try_from(size).ok(), params.text("Marker"))
        .map_err(|token| ApiError::validation(format!("Invalid marker: {token}")))?;
    Ok(Node::body().members(list, page).maybe("NextMarker", next))
}

/// At most 32 letters, digits and hyphens, no hyphen at either end (CreateLoadBalancer, CreateTargetGroup). `what` begins
/// a sentence.
fn check_name(what: &str, name: &str) -> Result<(), ApiError> {
    let refused = |why: &str| Err(ApiError::validation(format!("{what} name '{name}' {why}")));
    if name.len() > 32 {
        return refused("cannot be longer than '32' characters");
    }
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        return refused("can only contain characters that are alphanumeric characters or hyphens(-)");
    }
    if name.starts_with('-') || name.ends_with('-') {
        return refused("cannot begin or end with '-'");
    }
    Ok(())
}

/// The ARN of something new.
fn arn(model: &Model, rest: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{}:{}:{rest}", model.region, model.account)
}

fn port(params: &Params, name: &str) -> Result<Option<u16>, ApiError> {
    let refused = || ApiError::validation(format!("{name} must be between 1 and 65535"));
    let read = |given: i64| u16::try_from(given).ok().filter(|port| *port > 0).ok_or_else(refused);
    params.int(name)?.map(read).transpose()
}

fn limits() -> Node {
    let limits = [
        ("target-groups", 3000),
        ("targets-per-application-load-balancer", 1000),
        ("listeners-per-application-load-balancer", 50),
        ("rules-per-application-load-balancer", 100),
        ("application-load-balancers", 50),
        ("targets-per-target-group", 1000),
    ];
    let limit = |(name, max): (&str, u32)| Node::body().field("Name", name).field("Max", max);
    Node::body().members("Limits", limits.into_iter().map(limit))
}

#[cfg(test)]
mod tests;
