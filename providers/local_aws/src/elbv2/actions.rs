//! What listeners and rules do with requests, and so which target groups are in use.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::elbv2::LoadBalancer;
use crate::wire::{ApiError, Params, Protocol};

use super::{GROUP, targets};

/// What ends the treatment of a request, and what may come before it (Action, `Type`).
const LAST: [&str; 3] = ["forward", "redirect", "fixed-response"];
const FIRST: [&str; 3] = ["authenticate-oidc", "authenticate-cognito", "jwt-validation"];

/// The actions of a request, `list` of its parameters, as a describe shows them.
///
/// # Errors
/// There is not exactly one that ends the treatment, or one forwards to a target group that cannot be used.
pub fn read(
    model: &Model,
    balancer: &LoadBalancer,
    params: &Params,
    list: &str,
) -> Result<Vec<Params>, ApiError> {
    let sent = params.list(list);
    let last = sent.iter().filter(|action| LAST.contains(&action.text("Type").unwrap_or_default()));
    if last.count() != 1 {
        let message = format!("{list} must hold exactly one action of the types {}", LAST.join(", "));
        return Err(ApiError::validation(message));
    }
    sent.into_iter().map(|action| one(model, balancer, action)).collect()
}

fn one(model: &Model, balancer: &LoadBalancer, action: &Params) -> Result<Params, ApiError> {
    let kind = action.required("Type")?;
    if !LAST.contains(&kind) && !FIRST.contains(&kind) {
        return Err(ApiError::validation(format!("Action type '{kind}' is not valid")));
    }
    let arns = forwards(action);
    if kind == "forward" && arns.is_empty() {
        return Err(ApiError::validation("A target group ARN must be specified"));
    }
    for arn in &arns {
        usable(model, balancer, arn)?;
    }
    Ok(if kind == "forward" { complete(action, &arns) } else { action.clone() })
}

/// A target group serves one load balancer.
fn usable(model: &Model, balancer: &LoadBalancer, arn: &str) -> Result<(), ApiError> {
    let missing = || ApiError::new(GROUP.code, format!("Target groups '{arn}' not found"));
    let group = model.elbv2.groups.get(arn).ok_or_else(missing)?;
    if group.balancers.iter().any(|other| *other != balancer.arn) {
        let message = format!(
            "The following target groups cannot be associated with more than one load balancer: {arn}"
        );
        return Err(ApiError::new("TargetGroupAssociationLimit", message));
    }
    if group.vpc != balancer.vpc {
        let message = format!("Target group '{arn}' is not in the VPC of the load balancer");
        return Err(ApiError::new("InvalidConfigurationRequest", message));
    }
    Ok(())
}

/// A single target group is shown in both forms that a request may have.
fn complete(action: &Params, arns: &[String]) -> Params {
    let mut action = action.clone();
    let [arn] = arns else { return action };
    action.set("TargetGroupArn", arn);
    if action.get("ForwardConfig").is_none() {
        let mut config = Params::empty(Protocol::Query);
        config.set("TargetGroups.member.1.TargetGroupArn", arn);
        config.set("TargetGroups.member.1.Weight", "1");
        config.set("TargetGroupStickinessConfig.Enabled", "false");
        action.insert("ForwardConfig".to_owned(), config);
    }
    action
}

/// The target groups that an action forwards to.
fn forwards(action: &Params) -> Vec<String> {
    let config = action.get("ForwardConfig").map(|config| config.list("TargetGroups")).unwrap_or_default();
    let many = config.into_iter().filter_map(|group| group.text("TargetGroupArn"));
    let all: BTreeSet<&str> = action.text("TargetGroupArn").into_iter().chain(many).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// Has target groups know which load balancers use them, after actions have changed.
pub fn settle(model: &mut Model) {
    let mut users: BTreeMap<String, BTreeSet<String>> =
        model.elbv2.groups.keys().map(|arn| (arn.clone(), BTreeSet::new())).collect();
    for listener in model.elbv2.listeners.values() {
        let actions = listener.all_rules().flat_map(|rule| &rule.actions);
        for arn in actions.flat_map(forwards) {
            users.entry(arn).or_default().insert(listener.balancer.clone());
        }
    }
    for (arn, users) in users {
        targets::used_by(model, &arn, users);
    }
}
