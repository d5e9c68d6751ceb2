//! The calls that change a load balancer, one function each.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancing::types::{
    AccessLog, ConnectionDraining, ConnectionSettings, CrossZoneLoadBalancing, HealthCheck as Check,
    Instance, Listener as Open, LoadBalancerAttributes, PolicyAttribute, Tag, TagKeyOnly,
};
use infra_engine::provider::ProviderError;

use super::next::{Act, Modified};
use super::{HealthCheck, Listener};
use crate::client::Aws;
use crate::error::{failed, has_code, permanent};
use crate::tags::Tags;

type Done = Result<(), ProviderError>;

/// Carries out one act.
pub(super) async fn perform(aws: &Aws, name: &str, act: &Act) -> Done {
    match act {
        Act::CreateListeners(listeners) => create_listeners(aws, name, listeners).await,
        Act::ReplaceListener(listener) => {
            delete_listeners(aws, name, &[listener.lb_port]).await?;
            create_listeners(aws, name, std::slice::from_ref(listener)).await
        }
        Act::SetCertificate(port, arn) => set_certificate(aws, name, *port, arn).await,
        Act::AttachSubnets { attach, leave } => attach_subnets(aws, name, attach, leave).await,
        Act::DetachSubnets(ids) => detach_subnets(aws, name, ids).await,
        Act::EnableZones(zones) => enable_zones(aws, name, zones).await,
        Act::DisableZones(zones) => disable_zones(aws, name, zones).await,
        Act::ApplySecurityGroups(ids) => apply_security_groups(aws, name, ids).await,
        Act::ModifyAttributes(modified) => modify_attributes(aws, name, modified).await,
        Act::ConfigureHealthCheck(check) => configure_health_check(aws, name, check).await,
        Act::CreateCookiePolicy(policy, life) => create_cookie_policy(aws, name, policy, *life).await,
        Act::CreateProxyPolicy(policy) => create_proxy_policy(aws, name, policy).await,
        Act::SetListenerPolicies(port, policies) => set_listener_policies(aws, name, *port, policies).await,
        Act::SetBackendPolicies(port, policies) => set_backend_policies(aws, name, *port, policies).await,
        Act::Register(ids) => register(aws, name, ids).await,
        Act::Deregister(ids) => deregister(aws, name, ids).await,
        Act::AddTags(tags) => add_tags(aws, name, tags).await,
        Act::RemoveTags(keys) => remove_tags(aws, name, keys).await,
        Act::DeleteListeners(ports) => delete_listeners(aws, name, ports).await,
        Act::DeletePolicy(policy) => delete_policy(aws, name, policy).await,
    }
}

/// The SDK's builders want what AWS requires; the schema has required it of the user before.
fn complete<T, E: std::fmt::Display>(
    operation: &'static str,
) -> impl Fn(Result<T, E>) -> Result<T, ProviderError> {
    move |built| built.map_err(|error| permanent(operation, error.to_string()))
}

/// A listener in the API's form.
pub(super) fn open(listener: &Listener) -> Result<Open, ProviderError> {
    complete("CreateLoadBalancerListeners")(
        Open::builder()
            .protocol(listener.lb_protocol.to_ascii_uppercase())
            .load_balancer_port(listener.lb_port)
            .instance_protocol(listener.backend().to_ascii_uppercase())
            .instance_port(listener.instance_port)
            .set_ssl_certificate_id(listener.ssl_certificate_id.clone())
            .build(),
    )
}

/// Tags in the API's form.
pub(super) fn pairs(tags: &Tags) -> Result<Vec<Tag>, ProviderError> {
    tags.iter()
        .map(|(key, value)| complete("AddTags")(Tag::builder().key(key).value(value).build()))
        .collect()
}

async fn create_listeners(aws: &Aws, name: &str, listeners: &[Listener]) -> Done {
    let listeners = listeners.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let call =
        aws.elb.create_load_balancer_listeners().load_balancer_name(name).set_listeners(Some(listeners));
    call.send().await.map_err(failed("CreateLoadBalancerListeners")).map(drop)
}

async fn delete_listeners(aws: &Aws, name: &str, ports: &[i32]) -> Done {
    let call = aws.elb.delete_load_balancer_listeners().load_balancer_name(name);
    let call = call.set_load_balancer_ports(Some(ports.to_vec()));
    call.send().await.map_err(failed("DeleteLoadBalancerListeners")).map(drop)
}

async fn set_certificate(aws: &Aws, name: &str, port: i32, arn: &str) -> Done {
    let call = aws.elb.set_load_balancer_listener_ssl_certificate().load_balancer_name(name);
    let call = call.load_balancer_port(port).ssl_certificate_id(arn);
    call.send().await.map_err(failed("SetLoadBalancerListenerSSLCertificate")).map(drop)
}

/// Two subnets of one zone cannot stand side by side: AWS refuses the new one until the old one has been left.
async fn attach_subnets(aws: &Aws, name: &str, attach: &[String], leave: &[String]) -> Done {
    let call = || {
        aws.elb.attach_load_balancer_to_subnets().load_balancer_name(name).set_subnets(Some(attach.to_vec()))
    };
    match call().send().await.map_err(failed("AttachLoadBalancerToSubnets")) {
        Err(error) if has_code(&error, "InvalidConfigurationRequest") && !leave.is_empty() => {
            detach_subnets(aws, name, leave).await?;
            call().send().await.map_err(failed("AttachLoadBalancerToSubnets")).map(drop)
        }
        other => other.map(drop),
    }
}

async fn detach_subnets(aws: &Aws, name: &str, ids: &[String]) -> Done {
    let call = aws.elb.detach_load_balancer_from_subnets().load_balancer_name(name);
    let call = call.set_subnets(Some(ids.to_vec()));
    call.send().await.map_err(failed("DetachLoadBalancerFromSubnets")).map(drop)
}

async fn enable_zones(aws: &Aws, name: &str, zones: &[String]) -> Done {
    let call = aws.elb.enable_availability_zones_for_load_balancer().load_balancer_name(name);
    let call = call.set_availability_zones(Some(zones.to_vec()));
    call.send().await.map_err(failed("EnableAvailabilityZonesForLoadBalancer")).map(drop)
}

async fn disable_zones(aws: &Aws, name: &str, zones: &[String]) -> Done {
    let call = aws.elb.disable_availability_zones_for_load_balancer().load_balancer_name(name);
    let call = call.set_availability_zones(Some(zones.to_vec()));
    call.send().await.map_err(failed("DisableAvailabilityZonesForLoadBalancer")).map(drop)
}

async fn apply_security_groups(aws: &Aws, name: &str, ids: &[String]) -> Done {
    let call = aws.elb.apply_security_groups_to_load_balancer().load_balancer_name(name);
    let call = call.set_security_groups(Some(ids.to_vec()));
    call.send().await.map_err(failed("ApplySecurityGroupsToLoadBalancer")).map(drop)
}

async fn modify_attributes(aws: &Aws, name: &str, modified: &Modified) -> Done {
    let attributes = attributes(modified)?;
    let call = aws.elb.modify_load_balancer_attributes().load_balancer_name(name);
    let call = call.load_balancer_attributes(attributes);
    call.send().await.map_err(failed("ModifyLoadBalancerAttributes")).map(drop)
}

fn attributes(modified: &Modified) -> Result<LoadBalancerAttributes, ProviderError> {
    let cross_zone = modified.cross_zone.map(|on| CrossZoneLoadBalancing::builder().enabled(on).build());
    // AWS takes a wait only for draining that is on.
    let draining = modified
        .draining
        .map(|(on, wait)| ConnectionDraining::builder().enabled(on).set_timeout(on.then_some(wait)).build());
    let idle =
        modified.idle_timeout.map(|seconds| ConnectionSettings::builder().idle_timeout(seconds).build());
    let log = modified.access_logs.as_ref().map(|log| match log {
        None => AccessLog::builder().enabled(false).build(),
        Some(log) => AccessLog::builder()
            .enabled(true)
            .s3_bucket_name(&log.bucket)
            .set_s3_bucket_prefix(log.bucket_prefix.clone())
            .emit_interval(log.interval / 60)
            .build(),
    });
    Ok(LoadBalancerAttributes::builder()
        .set_cross_zone_load_balancing(cross_zone)
        .set_connection_draining(draining)
        .set_connection_settings(idle.map(complete("ModifyLoadBalancerAttributes")).transpose()?)
        .set_access_log(log)
        .build())
}

async fn configure_health_check(aws: &Aws, name: &str, check: &HealthCheck) -> Done {
    let check = complete("ConfigureHealthCheck")(
        Check::builder()
            .target(&check.target)
            .interval(check.interval)
            .timeout(check.timeout)
            .healthy_threshold(check.healthy_threshold)
            .unhealthy_threshold(check.unhealthy_threshold)
            .build(),
    )?;
    let call = aws.elb.configure_health_check().load_balancer_name(name).health_check(check);
    call.send().await.map_err(failed("ConfigureHealthCheck")).map(drop)
}

async fn create_cookie_policy(aws: &Aws, name: &str, policy: &str, life: Option<i64>) -> Done {
    let call = aws.elb.create_lb_cookie_stickiness_policy().load_balancer_name(name).policy_name(policy);
    let call = call.set_cookie_expiration_period(life);
    existing(call.send().await.map_err(failed("CreateLBCookieStickinessPolicy")).map(drop))
}

async fn create_proxy_policy(aws: &Aws, name: &str, policy: &str) -> Done {
    let on = PolicyAttribute::builder().attribute_name("ProxyProtocol").attribute_value("true").build();
    let call = aws.elb.create_load_balancer_policy().load_balancer_name(name).policy_name(policy);
    let call = call.policy_type_name("ProxyProtocolPolicyType").policy_attributes(on);
    existing(call.send().await.map_err(failed("CreateLoadBalancerPolicy")).map(drop))
}

/// Our policies' names say what is in them: one that exists is the one that is wanted.
fn existing(made: Done) -> Done {
    match made {
        Err(error) if has_code(&error, "DuplicatePolicyName") => Ok(()),
        other => other,
    }
}

async fn set_listener_policies(aws: &Aws, name: &str, port: i32, policies: &BTreeSet<String>) -> Done {
    let call =
        aws.elb.set_load_balancer_policies_of_listener().load_balancer_name(name).load_balancer_port(port);
    let call = call.set_policy_names(Some(policies.iter().cloned().collect()));
    call.send().await.map_err(failed("SetLoadBalancerPoliciesOfListener")).map(drop)
}

async fn set_backend_policies(aws: &Aws, name: &str, port: i32, policies: &BTreeSet<String>) -> Done {
    let call =
        aws.elb.set_load_balancer_policies_for_backend_server().load_balancer_name(name).instance_port(port);
    let call = call.set_policy_names(Some(policies.iter().cloned().collect()));
    call.send().await.map_err(failed("SetLoadBalancerPoliciesForBackendServer")).map(drop)
}

async fn delete_policy(aws: &Aws, name: &str, policy: &str) -> Done {
    let call = aws.elb.delete_load_balancer_policy().load_balancer_name(name).policy_name(policy);
    call.send().await.map_err(failed("DeleteLoadBalancerPolicy")).map(drop)
}

fn instances(ids: &[String]) -> Option<Vec<Instance>> {
    Some(ids.iter().map(|id| Instance::builder().instance_id(id).build()).collect())
}

async fn register(aws: &Aws, name: &str, ids: &[String]) -> Done {
    let call = aws.elb.register_instances_with_load_balancer().load_balancer_name(name);
    let call = call.set_instances(instances(ids));
    call.send().await.map_err(failed("RegisterInstancesWithLoadBalancer")).map(drop)
}

async fn deregister(aws: &Aws, name: &str, ids: &[String]) -> Done {
    let call = aws.elb.deregister_instances_from_load_balancer().load_balancer_name(name);
    let call = call.set_instances(instances(ids));
    call.send().await.map_err(failed("DeregisterInstancesFromLoadBalancer")).map(drop)
}

async fn add_tags(aws: &Aws, name: &str, tags: &Tags) -> Done {
    let call = aws.elb.add_tags().load_balancer_names(name).set_tags(Some(pairs(tags)?));
    call.send().await.map_err(failed("AddTags")).map(drop)
}

async fn remove_tags(aws: &Aws, name: &str, keys: &[String]) -> Done {
    let keys = keys.iter().map(|key| TagKeyOnly::builder().key(key).build()).collect();
    let call = aws.elb.remove_tags().load_balancer_names(name).set_tags(Some(keys));
    call.send().await.map_err(failed("RemoveTags")).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent() {
        let modified = Modified { draining: Some((false, 300)), ..Modified::default() };
        let sent = attributes(&modified).expect("complete");
        let draining = sent.connection_draining().expect("draining");
        assert_eq!((draining.enabled(), draining.timeout()), (false, None));
        assert!(sent.cross_zone_load_balancing().is_none() && sent.access_log().is_none());
    }

    #[test]
    fn protocols_are_sent_in_capitals_with_the_default_filled_in() {
        let listener =
            Listener { lb_port: 80, lb_protocol: "tcp".into(), instance_port: 90, ..Listener::default() };
        let sent = open(&listener).expect("complete");
        assert_eq!((sent.protocol(), sent.instance_protocol()), ("TCP", Some("TCP")));
    }
}
