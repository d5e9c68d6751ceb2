//! Stickiness, proxy protocol and TLS policies.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::elb::{Balancer, Policy};
use crate::wire::{ApiError, Node, Params};

use super::{listeners, named, port};

const APP_COOKIE: &str = "AppCookieStickinessPolicyType";
const LB_COOKIE: &str = "LBCookieStickinessPolicyType";
const KNOWN: [&str; 7] = [
    APP_COOKIE,
    LB_COOKIE,
    "ProxyProtocolPolicyType",
    "SSLNegotiationPolicyType",
    "PublicKeyPolicyType",
    "BackendServerAuthenticationPolicyType",
    "SSLNegotiationPolicy",
];

fn add(
    model: &mut Model,
    params: &Params,
    kind: &str,
    attributes: BTreeMap<String, String>,
) -> Result<Node, ApiError> {
    let name = params.required("PolicyName")?.to_owned();
    let balancer = named(model, params)?;
    if balancer.policies.contains_key(&name) {
        let message = format!("Policy {name} already exists for load balancer {}", balancer.name);
        return Err(ApiError::new("DuplicatePolicyName", message));
    }
    balancer.policies.insert(name, Policy { kind: kind.to_owned(), attributes });
    Ok(Node::body())
}

pub fn create_app_cookie(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let cookie = params.required("CookieName")?.to_owned();
    add(model, params, APP_COOKIE, BTreeMap::from([("CookieName".to_owned(), cookie)]))
}

pub fn create_lb_cookie(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let period = params.int("CookieExpirationPeriod")?;
    let attributes = period.map(|period| ("CookieExpirationPeriod".to_owned(), period.to_string()));
    add(model, params, LB_COOKIE, attributes.into_iter().collect())
}

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let kind = params.required("PolicyTypeName")?.to_owned();
    if !KNOWN.contains(&kind.as_str()) {
        return Err(ApiError::new("PolicyTypeNotFound", format!("Policy Type: {kind} not found.")));
    }
    let attribute = |element: &&Params| {
        Some((element.text("AttributeName")?.to_owned(), element.text("AttributeValue")?.to_owned()))
    };
    let attributes = params.list("PolicyAttributes").iter().filter_map(attribute).collect();
    add(model, params, &kind, attributes)
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("PolicyName")?.to_owned();
    let balancer = named(model, params)?;
    let used = balancer.listeners.values().any(|listener| listener.policies.contains(&name))
        || balancer.backends.values().any(|policies| policies.contains(&name));
    if used {
        return Err(ApiError::new("InvalidConfigurationRequest", format!("Policy is in use: {name}"))
            .with_status(409));
    }
    balancer.policies.remove(&name);
    Ok(Node::body())
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let asked = params.strings("PolicyNames");
    let balancer = named(model, params)?;
    check(balancer, &asked)?;
    let chosen = balancer.policies.iter().filter(|(name, _)| asked.is_empty() || asked.contains(name));
    let node = |(name, policy): (&String, &Policy)| {
        let pair = |(name, value): (&String, &String)| {
            Node::body().field("AttributeName", name).field("AttributeValue", value)
        };
        Node::body()
            .field("PolicyName", name)
            .field("PolicyTypeName", &policy.kind)
            .members("PolicyAttributeDescriptions", policy.attributes.iter().map(pair))
    };
    Ok(Node::body().members("PolicyDescriptions", chosen.map(node)))
}

fn check(balancer: &Balancer, names: &[String]) -> Result<(), ApiError> {
    match names.iter().find(|name| !balancer.policies.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(ApiError::new(
            "PolicyNotFound",
            format!("There is no policy with name {name} for load balancer {}", balancer.name),
        )),
    }
}

pub fn set_of_listener(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (port, names) = (port(params, "LoadBalancerPort")?, params.strings("PolicyNames"));
    let balancer = named(model, params)?;
    check(balancer, &names)?;
    listeners::listener(&mut balancer.listeners, port)?.policies = names;
    Ok(Node::body())
}

pub fn set_for_backend(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (port, names) = (port(params, "InstancePort")?, params.strings("PolicyNames"));
    let balancer = named(model, params)?;
    check(balancer, &names)?;
    if names.is_empty() {
        balancer.backends.remove(&port);
    } else {
        balancer.backends.insert(port, names);
    }
    Ok(Node::body())
}

/// The policies of instance ports, as a describe shows them.
pub fn backends(balancer: &Balancer) -> impl Iterator<Item = Node> {
    balancer.backends.iter().map(|(port, names)| {
        Node::body().field("InstancePort", port).members("PolicyNames", names.iter().map(Node::value))
    })
}

/// The policies by sort, as a describe shows them.
pub fn summary(balancer: &Balancer) -> Node {
    let of = |kind: &'static str| balancer.policies.iter().filter(move |(_, policy)| policy.kind == kind);
    let value = |policy: &Policy, name: &str| policy.attributes.get(name).cloned();
    let app = of(APP_COOKIE).map(|(name, policy)| {
        Node::body().field("PolicyName", name).maybe("CookieName", value(policy, "CookieName"))
    });
    let lb = of(LB_COOKIE).map(|(name, policy)| {
        let period = value(policy, "CookieExpirationPeriod");
        Node::body().field("PolicyName", name).maybe("CookieExpirationPeriod", period)
    });
    let others =
        balancer.policies.iter().filter(|(_, policy)| policy.kind != APP_COOKIE && policy.kind != LB_COOKIE);
    Node::body()
        .members("AppCookieStickinessPolicies", app)
        .members("LBCookieStickinessPolicies", lb)
        .members("OtherPolicies", others.map(|(name, _)| Node::value(name)))
}
