//! How a load balancer looks after its instances (ConfigureHealthCheck).

use crate::model::Model;
use crate::model::elb::HealthCheck;
use crate::wire::{ApiError, Node, Params};

use super::{health, named};

pub fn configure(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let seconds = |name: &str, low: i64, high: i64| -> Result<u64, ApiError> {
        params.required(&format!("HealthCheck.{name}"))?;
        let given = params.int(&format!("HealthCheck.{name}"))?.unwrap_or_default();
        let refused = || ApiError::validation(format!("HealthCheck {name} must be between {low} and {high}"));
        u64::try_from(given).ok().filter(|_| (low..=high).contains(&given)).ok_or_else(refused)
    };
    let check = HealthCheck {
        target: target(params.required("HealthCheck.Target")?)?,
        interval: seconds("Interval", 5, 300)?,
        timeout: seconds("Timeout", 2, 60)?,
        unhealthy: seconds("UnhealthyThreshold", 2, 10)?,
        healthy: seconds("HealthyThreshold", 2, 10)?,
    };
    if check.timeout >= check.interval {
        return Err(ApiError::validation("HealthCheck timeout must be less than interval"));
    }
    let answer = check_node(&check);
    let name = named(model, params)?.name.clone();
    health::reseat(model, &name, check.interval);
    named(model, params)?.health_check = check;
    Ok(Node::body().child("HealthCheck", answer))
}

/// `TCP:port`, `SSL:port`, `HTTP:port/path` or `HTTPS:port/path` (HealthCheck, `Target`).
fn target(given: &str) -> Result<String, ApiError> {
    let refused = || ApiError::validation(format!("HealthCheck Target '{given}' is not valid"));
    let (protocol, rest) = given.split_once(':').ok_or_else(refused)?;
    let (port, path) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(&rest[at..])),
        None => (rest, None),
    };
    let has_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    let fits = match protocol.to_uppercase().as_str() {
        "TCP" | "SSL" => path.is_none(),
        "HTTP" | "HTTPS" => path.is_some(),
        _ => false,
    };
    if has_port && fits { Ok(given.to_owned()) } else { Err(refused()) }
}

/// How a describe shows the health check.
pub fn check_node(check: &HealthCheck) -> Node {
    Node::body()
        .field("Target", &check.target)
        .field("Interval", check.interval)
        .field("Timeout", check.timeout)
        .field("UnhealthyThreshold", check.unhealthy)
        .field("HealthyThreshold", check.healthy)
}
