//! Listeners.

use crate::model::Model;
use crate::model::elbv2::{Listener, LoadBalancer, Rule};
use crate::wire::{ApiError, Node, Params, echo};

use super::{BALANCER, LISTENER, actions, certificates, page, port, tags};

/// Of an HTTPS listener that was made without one.
const SSL_POLICY: &str = "ELBSecurityPolicy-2016-08";

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let balancer = BALANCER.find(&model.elbv2.balancers, params.required("LoadBalancerArn")?)?.clone();
    let actions = actions::read(model, &balancer, params, "DefaultActions")?;
    let tags = tags::read(params)?;
    let arn = format!("{}/{}", balancer.arn.replace(":loadbalancer/", ":listener/"), model.random.hex(16));
    let default_rule = Rule { arn: rule_arn(model, &arn), conditions: Vec::new(), actions };
    let required = || ApiError::validation("A port must be specified");
    let made = Listener {
        balancer: balancer.arn.clone(),
        port: port(params, "Port")?.ok_or_else(required)?,
        protocol: params.required("Protocol")?.to_owned(),
        ssl_policy: params.text("SslPolicy").map(str::to_owned),
        certificates: certificates::read(params),
        default_rule,
        rules: Default::default(),
        arn: arn.clone(),
    };
    let made = checked(model, &balancer, made)?;
    let answer = Node::body().members("Listeners", [description(&made)]);
    tags::give(model, &arn, tags);
    model.elbv2.listeners.insert(arn, made);
    actions::settle(model);
    Ok(answer)
}

/// The ARN of a new rule of a listener.
pub fn rule_arn(model: &mut Model, listener: &str) -> String {
    format!("{}/{}", listener.replace(":listener/", ":listener-rule/"), model.random.hex(16))
}

/// A listener as it may be: alone on its port, and with a certificate if it speaks TLS.
fn checked(model: &Model, balancer: &LoadBalancer, listener: Listener) -> Result<Listener, ApiError> {
    let mut others = model.elbv2.listeners.values().filter(|other| other.arn != listener.arn);
    if others.any(|other| other.balancer == balancer.arn && other.port == listener.port) {
        let message =
            format!("A listener already exists on this port for this load balancer '{}'", balancer.arn);
        return Err(ApiError::new("DuplicateListener", message));
    }
    match listener.protocol.as_str() {
        "HTTP" => Ok(Listener { ssl_policy: None, certificates: Vec::new(), ..listener }),
        "HTTPS" if listener.certificates.is_empty() => {
            Err(ApiError::validation("A certificate must be specified for HTTPS listeners"))
        }
        "HTTPS" => {
            Ok(Listener { ssl_policy: listener.ssl_policy.or(Some(SSL_POLICY.to_owned())), ..listener })
        }
        other => Err(ApiError::validation(format!("Protocol '{other}' must be one of 'HTTPS, HTTP'"))),
    }
}

/// Of a load balancer, or some by ARN.
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (all, arns) = (&model.elbv2.listeners, params.texts("ListenerArns"));
    let chosen: Vec<&Listener> = match params.text("LoadBalancerArn") {
        None if arns.is_empty() => {
            return Err(ApiError::validation("You must specify either listener ARNs or a load balancer ARN"));
        }
        None => LISTENER.chosen(all, &arns)?,
        Some(balancer) => {
            BALANCER.find(&model.elbv2.balancers, balancer)?;
            all.values().filter(|listener| listener.balancer == balancer).collect()
        }
    };
    page(params, "Listeners", chosen.into_iter().map(description).collect())
}

pub fn modify(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let old = LISTENER.find(&model.elbv2.listeners, params.required("ListenerArn")?)?;
    let balancer = BALANCER.find(&model.elbv2.balancers, &old.balancer)?;
    let mut new = old.clone();
    new.port = port(params, "Port")?.unwrap_or(new.port);
    if let Some(protocol) = params.text("Protocol") {
        new.protocol = protocol.to_owned();
    }
    if let Some(policy) = params.text("SslPolicy") {
        new.ssl_policy = Some(policy.to_owned());
    }
    if let Some(default) = certificates::read(params).into_iter().next() {
        new.certificates = certificates::with_default(&new.certificates, default);
    }
    if params.get("DefaultActions").is_some() {
        new.default_rule.actions = actions::read(model, balancer, params, "DefaultActions")?;
    }
    let new = checked(model, balancer, new)?;
    let answer = Node::body().members("Listeners", [description(&new)]);
    model.elbv2.listeners.insert(new.arn.clone(), new);
    actions::settle(model);
    Ok(answer)
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("ListenerArn")?;
    LISTENER.find(&model.elbv2.listeners, arn)?;
    model.elbv2.listeners.remove(arn);
    model.elbv2.tags.remove(arn);
    actions::settle(model);
    Ok(Node::body())
}

fn description(listener: &Listener) -> Node {
    Node::body()
        .field("ListenerArn", &listener.arn)
        .field("LoadBalancerArn", &listener.balancer)
        .field("Port", listener.port)
        .field("Protocol", &listener.protocol)
        .members("Certificates", listener.certificates.iter().take(1).map(|arn| certificates::node(arn)))
        .maybe("SslPolicy", listener.ssl_policy.as_ref())
        .members("DefaultActions", listener.default_rule.actions.iter().map(echo))
}
