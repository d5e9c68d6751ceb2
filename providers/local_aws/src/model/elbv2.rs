//! What application load balancing remembers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Time;
use super::ec2::{GroupId, SubnetId};
use super::elb::{HealthCheck, Registration};
use crate::wire::Params;

/// All load balancers of the newer kind and what belongs to them, by ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Elbv2 {
    /// Load balancers.
    pub balancers: BTreeMap<String, LoadBalancer>,
    /// Target groups.
    pub groups: BTreeMap<String, TargetGroup>,
    /// Listeners, with their rules.
    pub listeners: BTreeMap<String, Listener>,
    /// Tags of all of them.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether there may be target groups that the model has never heard of: no survey asks about them.
    #[serde(default)]
    pub surveyed: bool,
}

/// An application load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// Unique in the region.
    pub name: String,
    /// What alias records point to.
    pub dns_name: String,
    /// When it was made.
    pub created: Time,
    /// When `provisioning` turns to `active`; from then on its name resolves, too.
    pub active: Time,
    /// Reachable from inside its VPC only.
    pub internal: bool,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// Its VPC.
    pub vpc: String,
    /// Where it has nodes.
    pub subnets: Vec<SubnetId>,
    /// The zones of its subnets, in the same order.
    pub zones: Vec<String>,
    /// What may reach it.
    pub security_groups: Vec<GroupId>,
    /// Attributes that were set; the others are as AWS has them.
    pub attributes: BTreeMap<String, String>,
}

/// What requests are sent to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Unique in the region.
    pub name: String,
    /// `instance` or `ip`: what its targets are named by.
    pub target_type: String,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// `HTTP1`, `HTTP2` or `GRPC`.
    pub protocol_version: String,
    /// Of targets that were registered without one.
    pub port: u16,
    /// Its VPC.
    pub vpc: String,
    /// How its targets are looked after.
    pub check: Check,
    /// Attributes that were set; the others are as AWS has them.
    pub attributes: BTreeMap<String, String>,
    /// ARNs of the load balancers whose actions name it.
    pub balancers: BTreeSet<String>,
    /// By the target's id and port.
    pub targets: BTreeMap<String, BTreeMap<u16, Registration>>,
}

/// The health check of a target group, times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// `traffic-port`, or a number.
    pub port: String,
    /// What is asked for.
    pub path: String,
    /// Between two probes.
    pub interval: u64,
    /// For one probe.
    pub timeout: u64,
    /// Passes in a row until an unhealthy target is healthy.
    pub healthy: u64,
    /// Failures in a row until a target is unhealthy.
    pub unhealthy: u64,
    /// Codes that pass, such as `200-299`.
    pub matcher: String,
}

impl Check {
    /// The same in the terms of classic load balancers.
    pub fn classic(&self) -> HealthCheck {
        HealthCheck {
            target: format!("{}:{}{}", self.protocol, self.port, self.path),
            interval: self.interval,
            timeout: self.timeout,
            unhealthy: self.unhealthy,
            healthy: self.healthy,
        }
    }
}

/// A port that a load balancer listens on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its load balancer.
    pub balancer: String,
    /// The port.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Of `HTTPS`.
    pub ssl_policy: Option<String>,
    /// ARNs; the first is the default.
    pub certificates: Vec<String>,
    /// What is done with requests that no other rule fits.
    pub default_rule: Rule,
    /// The other rules, by priority.
    pub rules: BTreeMap<u32, Rule>,
}

/// What is done with which requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// As they were sent.
    pub conditions: Vec<Params>,
    /// As they were sent.
    pub actions: Vec<Params>,
}

impl Listener {
    /// All rules, the default one last.
    pub fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().chain([&self.default_rule])
    }
}
