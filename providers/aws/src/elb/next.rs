//! What is still missing between a load balancer as it is and as it is wanted. Pure, and tested as a table.

use std::collections::{BTreeMap, BTreeSet};

use super::live::Live;
use super::{Elb, HealthCheck, Listener, Wanted};
use crate::tags::{Tags, difference as difference_of_tags};

/// Policies that we make have names that begin so.
const POLICY_PREFIX: &str = "infra-";

/// One call that brings a load balancer nearer to what is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Open ports.
    CreateListeners(Vec<Listener>),
    /// Close a port and open it again with other settings, which AWS cannot change: two calls, one behind the other.
    ReplaceListener(Listener),
    /// Give a port another certificate, while it stays open.
    SetCertificate(i32, String),
    /// Stand in further subnets; should AWS refuse them beside those that go, leave these first.
    AttachSubnets { attach: Vec<String>, leave: Vec<String> },
    /// Leave subnets.
    DetachSubnets(Vec<String>),
    /// Stand in further zones.
    EnableZones(Vec<String>),
    /// Leave zones.
    DisableZones(Vec<String>),
    /// Have these security groups.
    ApplySecurityGroups(Vec<String>),
    /// Have the attributes of this block: only what differs is sent.
    ModifyAttributes(Modified),
    /// Have this health check.
    ConfigureHealthCheck(HealthCheck),
    /// Make a policy for sticky ports, of a life in seconds.
    CreateCookiePolicy(String, Option<i64>),
    /// Make the policy that turns the proxy protocol on.
    CreateProxyPolicy(String),
    /// A listener has exactly these policies.
    SetListenerPolicies(i32, BTreeSet<String>),
    /// An instance port has exactly these policies.
    SetBackendPolicies(i32, BTreeSet<String>),
    /// Register instances.
    Register(Vec<String>),
    /// Take instances out.
    Deregister(Vec<String>),
    /// Add tags or change them.
    AddTags(Tags),
    /// Remove tags.
    RemoveTags(Vec<String>),
    /// Close ports.
    DeleteListeners(Vec<i32>),
    /// Delete a policy of ours that nothing uses.
    DeletePolicy(String),
}

/// The attributes that differ, each as it is wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Modified {
    pub(super) cross_zone: Option<bool>,
    /// On or off, and the longest wait in seconds.
    pub(super) draining: Option<(bool, i32)>,
    /// In seconds.
    pub(super) idle_timeout: Option<i32>,
    /// The log's settings; `None` inside is off.
    pub(super) access_logs: Option<Option<super::AccessLogs>>,
}

/// Whether a listener can stay as it is when the other is wanted, its certificate aside.
pub(super) fn kept(old: &Listener, new: &Listener) -> bool {
    let without = |listener: &Listener| Listener { ssl_certificate_id: None, ..listener.clone() };
    let (old, new) = (without(old), without(new));
    old.backend() == new.backend()
        && Listener { instance_protocol: None, ..old } == Listener { instance_protocol: None, ..new }
}

/// All calls that are missing, in the order in which they are safe: what serves is there before what goes.
pub(super) fn next(wanted: &Wanted, live: &Live) -> Vec<Act> {
    let (new, old) = (wanted.elb.clone().normalized(), live.elb.clone().normalized());
    let mut acts = Vec::new();
    acts.extend(listeners(&new, &old));
    acts.extend(places(&new, &old));
    if wanted.security_groups && new.security_groups != old.security_groups {
        acts.push(Act::ApplySecurityGroups(new.security_groups.iter().cloned().collect()));
    }
    acts.extend(attributes(&new, &old).map(Act::ModifyAttributes));
    let check = new.health_check.clone().filter(|_| new.health_check != old.health_check);
    acts.extend(check.map(Act::ConfigureHealthCheck));
    acts.extend(stickiness(&new, live));
    acts.extend(proxies(&new, live));
    if wanted.instances {
        acts.extend(difference(&new.instances, &old.instances).map(Act::Register));
        acts.extend(difference(&old.instances, &new.instances).map(Act::Deregister));
    }
    acts.extend(tags(&new.tags, &old.tags));
    acts.extend(closed(&new, &old));
    if acts.is_empty() {
        acts.extend(unused_policies(live).map(Act::DeletePolicy));
    }
    acts
}

fn listeners(new: &Elb, old: &Elb) -> Vec<Act> {
    let mut missing = Vec::new();
    let mut acts = Vec::new();
    for listener in &new.listener {
        match old.listener.iter().find(|existing| existing.lb_port == listener.lb_port) {
            None => missing.push(listener.clone()),
            Some(existing) if !kept(existing, listener) => acts.push(Act::ReplaceListener(listener.clone())),
            Some(existing) if existing.ssl_certificate_id != listener.ssl_certificate_id => {
                acts.extend(
                    listener.ssl_certificate_id.clone().map(|arn| Act::SetCertificate(listener.lb_port, arn)),
                );
            }
            Some(_) => {}
        }
    }
    let create = (!missing.is_empty()).then_some(Act::CreateListeners(missing));
    create.into_iter().chain(acts).collect()
}

fn closed(new: &Elb, old: &Elb) -> Option<Act> {
    let wanted: BTreeSet<i32> = new.listener.iter().map(|listener| listener.lb_port).collect();
    let ports: Vec<i32> =
        old.listener.iter().map(|one| one.lb_port).filter(|port| !wanted.contains(port)).collect();
    (!ports.is_empty()).then_some(Act::DeleteListeners(ports))
}

/// Subnets, or zones where the network has no subnets of ours.
fn places(new: &Elb, old: &Elb) -> Vec<Act> {
    let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    let (mut acts, subnets, zones) = (Vec::new(), set(&new.subnets), set(&new.availability_zones));
    if !subnets.is_empty() {
        let leave = difference(&set(&old.subnets), &subnets);
        let attach = difference(&subnets, &set(&old.subnets));
        acts.extend(
            attach.map(|attach| Act::AttachSubnets { attach, leave: leave.clone().unwrap_or_default() }),
        );
        acts.extend(leave.map(Act::DetachSubnets));
    } else {
        let old = set(&old.availability_zones);
        // An answer without any zone says nothing about zones: a load balancer stands somewhere.
        if !old.is_empty() && !zones.is_empty() {
            acts.extend(difference(&zones, &old).map(Act::EnableZones));
            acts.extend(difference(&old, &zones).map(Act::DisableZones));
        }
    }
    acts
}

fn attributes(new: &Elb, old: &Elb) -> Option<Modified> {
    let cross_zone = new.cross_zone_load_balancing;
    let draining = |elb: &Elb| (elb.connection_draining, elb.connection_draining_timeout);
    // The wait means nothing while draining is off, and AWS forgets it.
    let draining_differs = match (new.connection_draining, old.connection_draining) {
        (false, false) => false,
        _ => draining(new) != draining(old),
    };
    let modified = Modified {
        cross_zone: (cross_zone != old.cross_zone_load_balancing).then_some(cross_zone),
        draining: draining_differs.then(|| draining(new)),
        idle_timeout: (new.idle_timeout != old.idle_timeout).then_some(new.idle_timeout),
        access_logs: (new.access_logs != old.access_logs).then(|| new.access_logs.clone()),
    };
    (modified != Modified::default()).then_some(modified)
}

fn cookie_policy(life: Option<i64>) -> String {
    match life {
        Some(seconds) => format!("{POLICY_PREFIX}lb-cookie-{seconds}"),
        None => format!("{POLICY_PREFIX}lb-cookie"),
    }
}

fn stickiness(new: &Elb, live: &Live) -> Vec<Act> {
    let mut acts = Vec::new();
    let wanted: BTreeMap<i32, Option<i64>> =
        new.lb_cookie_stickiness.iter().map(|one| (one.lb_port, one.cookie_expiration_period)).collect();
    let is: BTreeMap<i32, Option<i64>> =
        live.elb.lb_cookie_stickiness.iter().map(|one| (one.lb_port, one.cookie_expiration_period)).collect();
    for listener in new.listener.iter().filter(|one| wanted.get(&one.lb_port) != is.get(&one.lb_port)) {
        let port = listener.lb_port;
        let mut policies = live.listener_policies.get(&port).cloned().unwrap_or_default();
        policies.retain(|name| !live.cookie_policies.contains_key(name));
        if let Some(life) = wanted.get(&port) {
            let name = cookie_policy(*life);
            let create = Act::CreateCookiePolicy(name.clone(), *life);
            if !live.cookie_policies.contains_key(&name) && !acts.contains(&create) {
                acts.push(create);
            }
            policies.insert(name);
        }
        acts.push(Act::SetListenerPolicies(port, policies));
    }
    acts
}

fn proxies(new: &Elb, live: &Live) -> Vec<Act> {
    let name = format!("{POLICY_PREFIX}proxy-protocol");
    let (wanted, is) = (&new.proxy_protocol_ports, &live.elb.proxy_protocol_ports);
    let known = live.other_policies.contains(&name) || live.proxy_policies.contains(&name);
    let create = (!wanted.is_subset(is) && !known).then(|| Act::CreateProxyPolicy(name.clone()));
    let set = wanted.symmetric_difference(is).map(|port| {
        let mut policies = live.backend_policies.get(port).cloned().unwrap_or_default();
        policies.retain(|policy| !live.proxy_policies.contains(policy));
        policies.extend(wanted.contains(port).then(|| name.clone()));
        Act::SetBackendPolicies(*port, policies)
    });
    create.into_iter().chain(set).collect()
}

fn tags(new: &Tags, old: &Tags) -> Vec<Act> {
    let (set, remove) = difference_of_tags(old, new);
    let set = (!set.is_empty()).then_some(Act::AddTags(set));
    let remove = (!remove.is_empty()).then_some(Act::RemoveTags(remove));
    set.into_iter().chain(remove).collect()
}

fn unused_policies(live: &Live) -> impl Iterator<Item = String> {
    let used: BTreeSet<&String> =
        live.listener_policies.values().chain(live.backend_policies.values()).flatten().collect();
    let all = live.cookie_policies.keys().chain(&live.other_policies);
    let unused = all.filter(|name| name.starts_with(POLICY_PREFIX) && !used.contains(name));
    unused.cloned().collect::<BTreeSet<_>>().into_iter()
}

/// What is in `one` and not in `other`, if anything.
fn difference(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Option<Vec<String>> {
    let found: Vec<String> = one.difference(other).cloned().collect();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
#[path = "next_tests.rs"]
mod tests;
