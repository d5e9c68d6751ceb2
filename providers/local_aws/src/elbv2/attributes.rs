//! Attributes of load balancers and target groups.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::elbv2::{LoadBalancer, TargetGroup};
use crate::wire::{ApiError, Node, Params};

use super::{BALANCER, GROUP};

/// Keys and what they are set to if nobody says otherwise.
type Usual = [(&'static str, &'static str)];

/// LoadBalancerAttribute, as far as it is about application load balancers.
const OF_BALANCERS: &Usual = &[
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.prefix", ""),
    ("client_keep_alive.seconds", "3600"),
    ("connection_logs.s3.enabled", "false"),
    ("connection_logs.s3.bucket", ""),
    ("connection_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("ipv6.deny_all_igw_traffic", "false"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("routing.http2.enabled", "true"),
    ("waf.fail_open.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// TargetGroupAttribute, of target groups of application load balancers.
const OF_GROUPS: &Usual = &[
    (DELAY, "300"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.app_cookie.cookie_name", ""),
    ("stickiness.app_cookie.duration_seconds", "86400"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.type", "lb_cookie"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
];

const DELAY: &str = "deregistration_delay.timeout_seconds";

/// What an attribute of a load balancer is.
pub fn of_balancer<'a>(balancer: &'a LoadBalancer, key: &str) -> &'a str {
    value(OF_BALANCERS, &balancer.attributes, key)
}

/// How long a target that leaves is `draining`, in seconds.
pub fn deregistration_delay(group: &TargetGroup) -> u64 {
    value(OF_GROUPS, &group.attributes, DELAY).parse().unwrap_or(300)
}

fn value<'a>(usual: &Usual, set: &'a BTreeMap<String, String>, key: &str) -> &'a str {
    let default = || usual.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| *value);
    set.get(key).map_or_else(default, String::as_str)
}

/// The attributes of a request.
fn read(usual: &Usual, what: &str, params: &Params) -> Result<BTreeMap<String, String>, ApiError> {
    let one = |sent: &Params| {
        let (key, value) = (sent.required("Key")?, sent.text("Value").unwrap_or_default());
        if !usual.iter().any(|(known, _)| *known == key) {
            let message = format!("{what} attribute key '{key}' is not recognized");
            return Err(ApiError::validation(message));
        }
        if !fits(key, value) {
            let message = format!("{what} attribute '{key}' with value '{value}' is not valid");
            return Err(ApiError::validation(message));
        }
        Ok((key.to_owned(), value.to_owned()))
    };
    params.list("Attributes").into_iter().map(one).collect()
}

fn fits(key: &str, value: &str) -> bool {
    let seconds = |low: u64, high: u64| value.parse().is_ok_and(|given| (low..=high).contains(&given));
    match key {
        DELAY => seconds(0, 3600),
        "idle_timeout.timeout_seconds" => seconds(1, 4000),
        "client_keep_alive.seconds" => seconds(60, 604_800),
        "slow_start.duration_seconds" => value == "0" || seconds(30, 900),
        _ if key.ends_with(".enabled") && key != "load_balancing.cross_zone.enabled" => {
            matches!(value, "true" | "false")
        }
        _ => true,
    }
}

fn node(usual: &Usual, set: &BTreeMap<String, String>) -> Node {
    let one = |(key, _): &(&str, &str)| Node::body().field("Key", key).field("Value", value(usual, set, key));
    Node::body().members("Attributes", usual.iter().map(one))
}

pub fn modify_balancer(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let balancer = BALANCER.find_mut(&mut model.elbv2.balancers, params.required("LoadBalancerArn")?)?;
    balancer.attributes.extend(read(OF_BALANCERS, "Load balancer", params)?);
    Ok(node(OF_BALANCERS, &balancer.attributes))
}

pub fn describe_balancer(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let balancer = BALANCER.find(&model.elbv2.balancers, params.required("LoadBalancerArn")?)?;
    Ok(node(OF_BALANCERS, &balancer.attributes))
}

pub fn modify_group(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = GROUP.find_mut(&mut model.elbv2.groups, params.required("TargetGroupArn")?)?;
    group.attributes.extend(read(OF_GROUPS, "Target group", params)?);
    Ok(node(OF_GROUPS, &group.attributes))
}

pub fn describe_group(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = GROUP.find(&model.elbv2.groups, params.required("TargetGroupArn")?)?;
    Ok(node(OF_GROUPS, &group.attributes))
}
