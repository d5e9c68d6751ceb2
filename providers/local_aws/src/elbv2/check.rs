//! How a target group looks after its targets.

use crate::model::elbv2::Check;
use crate::wire::{ApiError, Node, Params};

/// What CreateTargetGroup gives a group of HTTP or HTTPS that says nothing.
pub fn usual() -> Check {
    Check {
        protocol: "HTTP".to_owned(),
        port: "traffic-port".to_owned(),
        path: "/".to_owned(),
        interval: 30,
        timeout: 5,
        healthy: 5,
        unhealthy: 2,
        matcher: "200".to_owned(),
    }
}

/// The health check after a request, which changes what it says.
pub fn read(old: &Check, params: &Params) -> Result<Check, ApiError> {
    let text = |name: &str, old: &String| params.text(name).map_or_else(|| old.clone(), str::to_owned);
    let new = Check {
        protocol: text("HealthCheckProtocol", &old.protocol),
        port: text("HealthCheckPort", &old.port),
        path: text("HealthCheckPath", &old.path),
        interval: within(params, "HealthCheckIntervalSeconds", (5, 300), old.interval)?,
        timeout: within(params, "HealthCheckTimeoutSeconds", (2, 120), old.timeout)?,
        healthy: within(params, "HealthyThresholdCount", (2, 10), old.healthy)?,
        unhealthy: within(params, "UnhealthyThresholdCount", (2, 10), old.unhealthy)?,
        matcher: text("Matcher.HttpCode", &old.matcher),
    };
    validate(&new)?;
    Ok(new)
}

fn within(params: &Params, name: &str, (low, high): (u64, u64), old: u64) -> Result<u64, ApiError> {
    let Some(given) = params.int(name)? else { return Ok(old) };
    let refused = || ApiError::validation(format!("{name} '{given}' must be between {low} and {high}"));
    u64::try_from(given).ok().filter(|given| (low..=high).contains(given)).ok_or_else(refused)
}

fn validate(check: &Check) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::validation(message));
    if !["HTTP", "HTTPS"].contains(&check.protocol.as_str()) {
        return refused(format!("Health check protocol '{}' must be one of 'HTTP, HTTPS'", check.protocol));
    }
    let numbered = check.port.parse::<u16>().is_ok_and(|port| port > 0);
    if check.port != "traffic-port" && !numbered {
        return refused(format!("Health check port '{}' is not valid", check.port));
    }
    if !check.path.starts_with('/') {
        return refused(format!("Health check path '{}' must begin with '/'", check.path));
    }
    if check.timeout >= check.interval {
        return refused("Health check interval must be greater than the timeout.".to_owned());
    }
    Ok(())
}

/// How a description of a target group shows its health check.
pub fn node(body: Node, check: &Check) -> Node {
    body.field("HealthCheckProtocol", &check.protocol)
        .field("HealthCheckPort", &check.port)
        .field("HealthCheckEnabled", true)
        .field("HealthCheckIntervalSeconds", check.interval)
        .field("HealthCheckTimeoutSeconds", check.timeout)
        .field("HealthyThresholdCount", check.healthy)
        .field("UnhealthyThresholdCount", check.unhealthy)
        .field("HealthCheckPath", &check.path)
        .child("Matcher", Node::body().field("HttpCode", &check.matcher))
}
