//! Listeners.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::elb::Listener;
use crate::wire::{ApiError, Node, Params};

use super::{named, port};

/// The listeners of a request; at least one.
pub fn read_all(params: &Params) -> Result<BTreeMap<u16, Listener>, ApiError> {
    let listed = params.list("Listeners");
    if listed.is_empty() {
        return Err(ApiError::validation("Listeners cannot be empty"));
    }
    listed.into_iter().map(read).collect()
}

fn read(params: &Params) -> Result<(u16, Listener), ApiError> {
    let protocol = protocol(params.required("Protocol")?)?;
    let instance_protocol = match params.text("InstanceProtocol") {
        Some(given) => self::protocol(given)?,
        None if layer(&protocol) == 7 => "HTTP".to_owned(),
        None => "TCP".to_owned(),
    };
    if layer(&protocol) != layer(&instance_protocol) {
        return Err(invalid("Listener and instance protocols must be at the same layer"));
    }
    let certificate = params.text("SSLCertificateId").filter(|arn| !arn.is_empty()).map(str::to_owned);
    if matches!(protocol.as_str(), "HTTPS" | "SSL") && certificate.is_none() {
        return Err(invalid("Secure Listeners need to specify a SSLCertificateId"));
    }
    let instance_port = port(params, "InstancePort")?;
    let listener = Listener { protocol, instance_port, instance_protocol, certificate, policies: Vec::new() };
    Ok((port(params, "LoadBalancerPort")?, listener))
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidConfigurationRequest", message).with_status(409)
}

fn protocol(given: &str) -> Result<String, ApiError> {
    let upper = given.to_uppercase();
    match upper.as_str() {
        "HTTP" | "HTTPS" | "TCP" | "SSL" => Ok(upper),
        _ => Err(ApiError::validation(format!("Protocol '{given}' must be one of HTTP, HTTPS, TCP or SSL"))),
    }
}

fn layer(protocol: &str) -> u8 {
    if protocol.starts_with("HTTP") { 7 } else { 4 }
}

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let new = read_all(params)?;
    let balancer = named(model, params)?;
    for (port, listener) in &new {
        let same = |old: &Listener| Listener { policies: Vec::new(), ..old.clone() } == *listener;
        if balancer.listeners.get(port).is_some_and(|old| !same(old)) {
            let message =
                format!("A listener already exists for {} with LoadBalancerPort {port}", balancer.name);
            return Err(ApiError::new("DuplicateListener", message));
        }
    }
    for (port, listener) in new {
        balancer.listeners.entry(port).or_insert(listener);
    }
    Ok(Node::body())
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let balancer = named(model, params)?;
    for port in params.texts("LoadBalancerPorts") {
        // Deleting one that is not there succeeds.
        port.parse::<u16>().ok().and_then(|port| balancer.listeners.remove(&port));
    }
    Ok(Node::body())
}

pub fn certify(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (port, certificate) =
        (port(params, "LoadBalancerPort")?, params.required("SSLCertificateId")?.to_owned());
    listener(&mut named(model, params)?.listeners, port)?.certificate = Some(certificate);
    Ok(Node::body())
}

/// The listener on a port.
pub fn listener(listeners: &mut BTreeMap<u16, Listener>, port: u16) -> Result<&mut Listener, ApiError> {
    let missing = || ApiError::new("ListenerNotFound", format!("There is no listener for port {port}"));
    listeners.get_mut(&port).ok_or_else(missing)
}

/// How a describe shows a listener.
pub fn description((port, listener): (&u16, &Listener)) -> Node {
    let node = Node::body()
        .field("Protocol", &listener.protocol)
        .field("LoadBalancerPort", port)
        .field("InstanceProtocol", &listener.instance_protocol)
        .field("InstancePort", listener.instance_port)
        .maybe("SSLCertificateId", listener.certificate.as_ref());
    Node::body().child("Listener", node).members("PolicyNames", listener.policies.iter().map(Node::value))
}
