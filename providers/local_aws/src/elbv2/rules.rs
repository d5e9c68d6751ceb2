//! Rules of listeners.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::elbv2::{Listener, Rule};
use crate::wire::{ApiError, Node, Params, Protocol, echo};

use super::{BALANCER, LISTENER, RULE, actions, listeners, page, tags};

/// What a condition looks at, and where its values stand in the newer form of requests (RuleCondition).
const FIELDS: [(&str, &str); 6] = [
    ("host-header", "HostHeaderConfig"),
    ("http-header", "HttpHeaderConfig"),
    ("http-request-method", "HttpRequestMethodConfig"),
    ("path-pattern", "PathPatternConfig"),
    ("query-string", "QueryStringConfig"),
    ("source-ip", "SourceIpConfig"),
];

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let listener = LISTENER.find(&model.elbv2.listeners, params.required("ListenerArn")?)?;
    let (arn, balancer) = (listener.arn.clone(), BALANCER.find(&model.elbv2.balancers, &listener.balancer)?);
    let priority = priority(params)?;
    if listener.rules.contains_key(&priority) {
        return Err(in_use(priority));
    }
    let (conditions, actions) = (conditions(params)?, actions::read(model, balancer, params, "Actions")?);
    let tags = tags::read(params)?;
    let rule = Rule { arn: listeners::rule_arn(model, &arn), conditions, actions };
    let answer = Node::body().members("Rules", [description(&rule, Some(priority))]);
    tags::give(model, &rule.arn, tags);
    LISTENER.find_mut(&mut model.elbv2.listeners, &arn)?.rules.insert(priority, rule);
    actions::settle(model);
    Ok(answer)
}

fn priority(params: &Params) -> Result<u32, ApiError> {
    params.required("Priority")?;
    let given = params.int("Priority")?.unwrap_or_default();
    let refused = || ApiError::validation(format!("Priority '{given}' must be between 1 and 50000"));
    u32::try_from(given).ok().filter(|given| (1..=50_000).contains(given)).ok_or_else(refused)
}

fn in_use(priority: u32) -> ApiError {
    ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

/// The conditions of a request, at least one, as a describe shows them.
fn conditions(params: &Params) -> Result<Vec<Params>, ApiError> {
    let sent = params.list("Conditions");
    if sent.is_empty() {
        return Err(ApiError::validation("A condition must be specified"));
    }
    sent.into_iter().map(condition).collect()
}

/// Values are shown in both forms that a request may have.
fn condition(sent: &Params) -> Result<Params, ApiError> {
    let field = sent.required("Field")?;
    let known = FIELDS.iter().find(|(known, _)| *known == field);
    let refused = || {
        let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        ApiError::validation(format!("Condition field '{field}' must be one of '[{}]'", names.join(", ")))
    };
    let (_, config) = known.ok_or_else(refused)?;
    let mut condition = sent.clone();
    match (sent.get("Values"), sent.get(config).and_then(|config| config.get("Values"))) {
        (None, None) => return Err(ApiError::validation("A condition value must be specified")),
        (Some(values), None) => {
            let mut inner = Params::empty(Protocol::Query);
            inner.insert("Values".to_owned(), values.clone());
            condition.insert((*config).to_owned(), inner);
        }
        (None, Some(values)) if matches!(field, "host-header" | "path-pattern") => {
            condition.insert("Values".to_owned(), values.clone());
        }
        _ => {}
    }
    Ok(condition)
}

/// Of a listener, or some by ARN.
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arns = params.texts("RuleArns");
    let told = match params.text("ListenerArn") {
        Some(listener) => all_of(LISTENER.find(&model.elbv2.listeners, listener)?),
        None if arns.is_empty() => {
            return Err(ApiError::validation("You must specify either rule ARNs or a listener ARN"));
        }
        None => {
            let told: BTreeMap<&str, Node> = model.elbv2.listeners.values().flat_map(by_arn).collect();
            let find = |arn: &&str| told.get(arn).cloned().ok_or_else(|| RULE.refused(arn));
            arns.iter().map(find).collect::<Result<_, _>>()?
        }
    };
    page(params, "Rules", told)
}

fn all_of(listener: &Listener) -> Vec<Node> {
    by_arn(listener).map(|(_, node)| node).collect()
}

/// Descriptions of all rules of a listener, by ARN, the default one last.
fn by_arn(listener: &Listener) -> impl Iterator<Item = (&str, Node)> {
    let rules = listener.rules.iter().map(|(priority, rule)| (rule, Some(*priority)));
    let rules = rules.chain([(&listener.default_rule, None)]);
    rules.map(|(rule, priority)| (rule.arn.as_str(), description(rule, priority)))
}

/// The listener and the priority of a rule.
///
/// # Errors
/// There is none, or it is a default one, which `operation` cannot be done to.
fn place(model: &Model, arn: &str, operation: &str) -> Result<(String, u32), ApiError> {
    for listener in model.elbv2.listeners.values() {
        if listener.default_rule.arn == arn {
            let message = format!("Default rule '{arn}' cannot be {operation}");
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        if let Some((priority, _)) = listener.rules.iter().find(|(_, rule)| rule.arn == arn) {
            return Ok((listener.arn.clone(), *priority));
        }
    }
    Err(RULE.refused(arn))
}

pub fn modify(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (listener, priority) = place(model, params.required("RuleArn")?, "modified")?;
    let listener = LISTENER.find(&model.elbv2.listeners, &listener)?;
    let (arn, balancer) = (listener.arn.clone(), BALANCER.find(&model.elbv2.balancers, &listener.balancer)?);
    let new_conditions = params.get("Conditions").map(|_| conditions(params)).transpose()?;
    let new_actions =
        params.get("Actions").map(|_| actions::read(model, balancer, params, "Actions")).transpose()?;
    let listener = LISTENER.find_mut(&mut model.elbv2.listeners, &arn)?;
    let rule = listener.rules.get_mut(&priority).ok_or_else(|| RULE.missing())?;
    rule.conditions = new_conditions.unwrap_or_else(|| rule.conditions.clone());
    rule.actions = new_actions.unwrap_or_else(|| rule.actions.clone());
    let answer = Node::body().members("Rules", [description(rule, Some(priority))]);
    actions::settle(model);
    Ok(answer)
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("RuleArn")?;
    let (listener, priority) = place(model, arn, "deleted")?;
    LISTENER.find_mut(&mut model.elbv2.listeners, &listener)?.rules.remove(&priority);
    model.elbv2.tags.remove(arn);
    actions::settle(model);
    Ok(Node::body())
}

/// All or nothing: rules of one listener trade places.
pub fn set_priorities(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let mut moved = model.elbv2.listeners.clone();
    let mut places = Vec::new();
    for wanted in params.list("RulePriorities") {
        let (listener, old) = place(model, wanted.required("RuleArn")?, "moved")?;
        let rule = moved.get_mut(&listener).and_then(|listener| listener.rules.remove(&old));
        places.push((listener, priority(wanted)?, rule.ok_or_else(|| RULE.missing())?));
    }
    let mut told = Vec::new();
    for (listener, priority, rule) in places {
        told.push(description(&rule, Some(priority)));
        let rules = &mut LISTENER.find_mut(&mut moved, &listener)?.rules;
        if rules.insert(priority, rule).is_some() {
            return Err(in_use(priority));
        }
    }
    model.elbv2.listeners = moved;
    Ok(Node::body().members("Rules", told))
}

fn description(rule: &Rule, priority: Option<u32>) -> Node {
    Node::body()
        .field("RuleArn", &rule.arn)
        .field("Priority", priority.map_or("default".to_owned(), |priority| priority.to_string()))
        .members("Conditions", rule.conditions.iter().map(echo))
        .members("Actions", rule.actions.iter().map(echo))
        .field("IsDefault", priority.is_none())
}
