//! What classic load balancing remembers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;
use super::ec2::{GroupId, InstanceId, SubnetId};

/// All load balancers, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Elb {
    /// By name.
    pub balancers: BTreeMap<String, Balancer>,
}

/// One classic load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Balancer {
    /// Unique in the region.
    pub name: String,
    /// What alias records point to.
    pub dns_name: String,
    /// When it was made.
    pub created: Time,
    /// When name servers begin to know its name.
    pub resolvable: Time,
    /// Reachable from inside its VPC only.
    pub internal: bool,
    /// Its VPC.
    pub vpc: String,
    /// Where it has nodes.
    pub subnets: Vec<SubnetId>,
    /// The zones of its subnets, or those it was made with.
    pub zones: Vec<String>,
    /// Zones that it is leaving, and until when.
    #[serde(default)]
    pub leaving: BTreeMap<String, Time>,
    /// What may reach it.
    pub security_groups: Vec<GroupId>,
    /// By the port it listens on.
    pub listeners: BTreeMap<u16, Listener>,
    /// How it looks after its instances.
    pub health_check: HealthCheck,
    /// What ModifyLoadBalancerAttributes sets.
    pub attributes: Attributes,
    /// Instances that were registered and have not finished leaving.
    pub registrations: BTreeMap<InstanceId, Registration>,
    /// By name.
    pub policies: BTreeMap<String, Policy>,
    /// Policies of instance ports.
    pub backends: BTreeMap<u16, Vec<String>>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A port it listens on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// In upper case.
    pub protocol: String,
    /// On the instances.
    pub instance_port: u16,
    /// In upper case.
    pub instance_protocol: String,
    /// For HTTPS and SSL.
    pub certificate: Option<String>,
    /// Names of its policies.
    pub policies: Vec<String>,
}

/// The health check, times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Such as `HTTP:80/`.
    pub target: String,
    /// Between two probes.
    pub interval: u64,
    /// For one probe.
    pub timeout: u64,
    /// Failures in a row until it is out.
    pub unhealthy: u64,
    /// Passes in a row until it is back.
    pub healthy: u64,
}

impl Default for HealthCheck {
    /// What the API gives a load balancer that nobody has configured (ConfigureHealthCheck, user guide).
    fn default() -> Self {
        Self { target: "TCP:80".to_owned(), interval: 30, timeout: 5, unhealthy: 2, healthy: 10 }
    }
}

/// What ModifyLoadBalancerAttributes sets; the defaults are the API's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Whether nodes send to other zones' instances.
    pub cross_zone: bool,
    /// Whether open requests may finish when an instance leaves.
    pub draining: bool,
    /// How long they may take, in seconds.
    pub draining_timeout: u64,
    /// Until an idle connection is closed, in seconds.
    pub idle_timeout: u64,
    /// Where access logs go, if anywhere.
    pub access_log: Option<AccessLog>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self { cross_zone: false, draining: false, draining_timeout: 300, idle_timeout: 60, access_log: None }
    }
}

/// Where access logs go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The bucket.
    pub bucket: String,
    /// In the bucket.
    pub prefix: String,
    /// In minutes: 5 or 60.
    pub interval: u64,
}

/// An instance behind a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// When it was registered.
    pub since: Time,
    /// When it is probed for the first time; or again, if the health check was changed meanwhile.
    pub first_probe: Time,
    /// How it stood before that probe.
    #[serde(default)]
    pub standing: Standing,
    /// Set while it leaves: when it is gone.
    pub leaves: Option<Time>,
}

/// How an instance stands with its load balancer's health check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It has not been in service since it was registered.
    #[default]
    New,
    /// In service.
    In,
    /// Out of service, after it had been in.
    Out,
}

/// A stickiness, proxy or TLS policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Such as `ProxyProtocolPolicyType`.
    pub kind: String,
    /// By name.
    pub attributes: BTreeMap<String, String>,
}
