//! Draining, cross-zone balancing, idle timeout and access logs.

use crate::model::Model;
use crate::model::elb::{AccessLog, Attributes};
use crate::wire::{ApiError, Node, Params};

use super::named;

pub fn modify(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let sent = params.get("LoadBalancerAttributes");
    let sent = sent.ok_or_else(|| ApiError::validation("LoadBalancerAttributes must be specified"))?;
    let balancer = named(model, params)?;
    balancer.attributes = merged(&balancer.attributes, sent)?;
    let (name, attributes) = (&balancer.name, &balancer.attributes);
    Ok(Node::body().field("LoadBalancerName", name).child("LoadBalancerAttributes", node(attributes)))
}

/// What was sent on top of what was there.
fn merged(old: &Attributes, sent: &Params) -> Result<Attributes, ApiError> {
    let mut new = old.clone();
    if let Some(on) = sent.bool("CrossZoneLoadBalancing.Enabled")? {
        new.cross_zone = on;
    }
    if let Some(on) = sent.bool("ConnectionDraining.Enabled")? {
        new.draining = on;
        new.draining_timeout = seconds(sent, "ConnectionDraining.Timeout", 1, 3600)?.unwrap_or(300);
    }
    if let Some(seconds) = seconds(sent, "ConnectionSettings.IdleTimeout", 1, 4000)? {
        new.idle_timeout = seconds;
    }
    if let Some(on) = sent.bool("AccessLog.Enabled")? {
        new.access_log = on.then(|| access_log(sent)).transpose()?;
    }
    Ok(new)
}

fn seconds(sent: &Params, name: &str, low: i64, high: i64) -> Result<Option<u64>, ApiError> {
    let Some(given) = sent.int(name)? else { return Ok(None) };
    let refused =
        || ApiError::new("InvalidConfigurationRequest", format!("{name} must be between {low} and {high}"));
    match u64::try_from(given) {
        Ok(seconds) if (low..=high).contains(&given) => Ok(Some(seconds)),
        _ => Err(refused().with_status(409)),
    }
}

fn access_log(sent: &Params) -> Result<AccessLog, ApiError> {
    Ok(AccessLog {
        bucket: sent.required("AccessLog.S3BucketName")?.to_owned(),
        prefix: sent.text("AccessLog.S3BucketPrefix").unwrap_or_default().to_owned(),
        interval: sent.int("AccessLog.EmitInterval")?.and_then(|i| u64::try_from(i).ok()).unwrap_or(60),
    })
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let attributes = node(&named(model, params)?.attributes);
    Ok(Node::body().child("LoadBalancerAttributes", attributes))
}

fn node(attributes: &Attributes) -> Node {
    let enabled = |on: bool| Node::body().field("Enabled", on);
    let log = match &attributes.access_log {
        None => enabled(false),
        Some(log) => enabled(true)
            .field("S3BucketName", &log.bucket)
            .field("S3BucketPrefix", &log.prefix)
            .field("EmitInterval", log.interval),
    };
    let draining = enabled(attributes.draining).field("Timeout", attributes.draining_timeout);
    Node::body()
        .child("CrossZoneLoadBalancing", enabled(attributes.cross_zone))
        .child("AccessLog", log)
        .child("ConnectionDraining", draining)
        .child("ConnectionSettings", Node::body().field("IdleTimeout", attributes.idle_timeout))
}
