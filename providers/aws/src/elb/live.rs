//! A load balancer as AWS tells it, in the block's terms, with what the block does not show: policies.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancing::types::{
    HealthCheck as CheckDescription, ListenerDescription, LoadBalancerAttributes, LoadBalancerDescription,
};

use super::{AccessLogs, Elb, HealthCheck, Listener, Stickiness};
use crate::tags::{TOKEN, Tags, is_users};

/// A load balancer as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Live {
    /// In the block's terms.
    pub(super) elb: Elb,
    /// The token of the step that made it, from its tags.
    pub(super) token: Option<String>,
    /// The policies of each listener, by its port.
    pub(super) listener_policies: BTreeMap<i32, BTreeSet<String>>,
    /// The policies of the instances' ports.
    pub(super) backend_policies: BTreeMap<i32, BTreeSet<String>>,
    /// Policies that make a port sticky by a cookie of the load balancer's, with the cookie's life in seconds.
    pub(super) cookie_policies: BTreeMap<String, Option<i64>>,
    /// Policies of any other sort.
    pub(super) other_policies: BTreeSet<String>,
    /// Those of them that turn the proxy protocol on.
    pub(super) proxy_policies: BTreeSet<String>,
}

/// What AWS has told about one load balancer, in several answers.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) description: LoadBalancerDescription,
    pub(super) attributes: LoadBalancerAttributes,
    pub(super) tags: Tags,
    pub(super) proxy_policies: BTreeSet<String>,
    /// The source security group's id, which AWS gives by name only.
    pub(super) source_group: Option<String>,
    /// The hosted zone of the region's load balancers, if AWS does not say it itself.
    pub(super) zone_id: Option<String>,
}

impl Live {
    pub(super) fn new(told: Told) -> Self {
        let description = &told.description;
        let policies = description.policies();
        let cookie_policies =
            policies.map(|policies| policies.lb_cookie_stickiness_policies()).unwrap_or_default();
        let other_policies = policies.map(|policies| policies.other_policies()).unwrap_or_default();
        let backends = description.backend_server_descriptions().iter();
        let mut live = Self {
            elb: elb(&told),
            listener_policies: description
                .listener_descriptions()
                .iter()
                .filter_map(listener_policies)
                .collect(),
            backend_policies: backends
                .filter_map(|one| Some((one.instance_port()?, set(one.policy_names()))))
                .collect(),
            cookie_policies: cookie_policies
                .iter()
                // A cookie without a life is told as one of 0 seconds by some.
                .filter_map(|one| {
                    Some((one.policy_name()?.to_owned(), one.cookie_expiration_period().filter(|n| *n > 0)))
                })
                .collect(),
            other_policies: set(other_policies),
            proxy_policies: told.proxy_policies,
            token: told.tags.get(TOKEN).cloned(),
        };
        live.elb.lb_cookie_stickiness = live.stickiness();
        live.elb.proxy_protocol_ports = live.proxy_ports();
        live
    }

    fn stickiness(&self) -> Vec<Stickiness> {
        let sticky = |(port, names): (&i32, &BTreeSet<String>)| {
            let life = names.iter().find_map(|name| self.cookie_policies.get(name))?;
            Some(Stickiness { lb_port: *port, cookie_expiration_period: *life })
        };
        self.listener_policies.iter().filter_map(sticky).collect()
    }

    fn proxy_ports(&self) -> BTreeSet<i32> {
        let on = |names: &BTreeSet<String>| !names.is_disjoint(&self.proxy_policies);
        self.backend_policies.iter().filter(|(_, names)| on(names)).map(|(port, _)| *port).collect()
    }
}

fn set(names: &[String]) -> BTreeSet<String> {
    names.iter().cloned().collect()
}

fn elb(told: &Told) -> Elb {
    let description = &told.description;
    let attributes = &told.attributes;
    let draining = attributes.connection_draining();
    Elb {
        id: description.load_balancer_name().map(str::to_owned),
        name: description.load_balancer_name().map(str::to_owned),
        name_prefix: None,
        subnets: description.subnets().to_vec(),
        availability_zones: description.availability_zones().to_vec(),
        security_groups: set(description.security_groups()),
        internal: description.scheme() == Some("internal"),
        listener: description.listener_descriptions().iter().filter_map(listener).collect(),
        health_check: description.health_check().map(health_check),
        instances: description
            .instances()
            .iter()
            .filter_map(|one| one.instance_id().map(str::to_owned))
            .collect(),
        cross_zone_load_balancing: attributes
            .cross_zone_load_balancing()
            .is_some_and(|cross| cross.enabled()),
        connection_draining: draining.is_some_and(|draining| draining.enabled()),
        connection_draining_timeout: draining.and_then(|draining| draining.timeout()).unwrap_or(300),
        idle_timeout: attributes.connection_settings().map_or(60, |settings| settings.idle_timeout()),
        access_logs: attributes.access_log().filter(|log| log.enabled()).map(|log| AccessLogs {
            bucket: log.s3_bucket_name().unwrap_or_default().to_owned(),
            bucket_prefix: log.s3_bucket_prefix().filter(|prefix| !prefix.is_empty()).map(str::to_owned),
            interval: log.emit_interval().unwrap_or(60) * 60,
            enabled: true,
        }),
        proxy_protocol_ports: BTreeSet::new(),
        lb_cookie_stickiness: Vec::new(),
        dns_name: description.dns_name().map(str::to_owned),
        zone_id: description
            .canonical_hosted_zone_name_id()
            .map(str::to_owned)
            .or_else(|| told.zone_id.clone()),
        source_security_group_id: told.source_group.clone(),
        tags: told
            .tags
            .iter()
            .filter(|(key, _)| is_users(key))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    }
}

fn listener(description: &ListenerDescription) -> Option<Listener> {
    let listener = description.listener()?;
    let absent = |text: &&str| !text.is_empty() && !text.eq_ignore_ascii_case("none");
    Some(Listener {
        lb_port: listener.load_balancer_port(),
        lb_protocol: listener.protocol().to_ascii_lowercase(),
        instance_port: listener.instance_port(),
        instance_protocol: listener.instance_protocol().map(str::to_ascii_lowercase),
        ssl_certificate_id: listener.ssl_certificate_id().filter(absent).map(str::to_owned),
    })
}

fn listener_policies(description: &ListenerDescription) -> Option<(i32, BTreeSet<String>)> {
    Some((description.listener()?.load_balancer_port(), set(description.policy_names())))
}

fn health_check(check: &CheckDescription) -> HealthCheck {
    HealthCheck {
        target: check.target().to_owned(),
        interval: check.interval(),
        timeout: check.timeout(),
        healthy_threshold: check.healthy_threshold(),
        unhealthy_threshold: check.unhealthy_threshold(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_sticky_or_proxied_by_the_policies_they_have() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let live = Live {
            listener_policies: [(80, names(&["sticky"])), (443, names(&["ELBSecurityPolicy-2016-08"]))]
                .into(),
            backend_policies: [(8080, names(&["proxy"])), (9090, names(&["other"]))].into(),
            cookie_policies: [("sticky".to_owned(), Some(60))].into(),
            proxy_policies: names(&["proxy"]),
            ..Live::default()
        };
        assert_eq!(live.stickiness(), [Stickiness { lb_port: 80, cookie_expiration_period: Some(60) }]);
        assert_eq!(live.proxy_ports(), [8080].into());
    }
}
