//! Reading load balancers: a list of all, then what the list does not tell, with few calls.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::Filter;
use aws_sdk_elasticloadbalancing::types::{
    LoadBalancerAttributes, LoadBalancerDescription, PolicyDescription, Tag, TagDescription,
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use infra_engine::provider::{Observation, ProviderError, ReadRequest};
use infra_lang::residual::Values;

use super::live::{Live, Told};
use super::{ElbQuery, SCHEMA, zone_ids};
use crate::client::Aws;
use crate::codec::{encode, explicit, with_nulls};
use crate::error::{failed, has_code};
use crate::kind::{answers, asked_id};
use crate::tags::Tags;

/// Calls that go out side by side.
const PARALLEL: usize = 10;

/// Answers read requests, in their order.
pub(super) async fn all(aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
    let names: BTreeSet<&str> = requests.iter().filter_map(|request| asked_id(request)).collect();
    let read = named(aws, &names).await;
    answers(requests, read, |found, name, request| Some(values(found.get(name)?, &request.applied)))
}

/// One load balancer.
pub(super) async fn one(aws: &Aws, name: &str) -> Result<Option<Live>, ProviderError> {
    let described = describe(aws, name).await?.into_iter().collect();
    Ok(told(aws, described).await?.remove(name))
}

/// The load balancers that a `data` block means.
pub(super) async fn matching(aws: &Aws, query: &ElbQuery) -> Result<BTreeMap<String, Live>, ProviderError> {
    let mut names = query.name.iter().chain(&query.id);
    let described = match names.next() {
        Some(name) => describe(aws, name).await?.into_iter().collect(),
        None => list(aws).await?,
    };
    let mut found = told(aws, described).await?;
    found.retain(|name, live| {
        let tagged = query.tags.iter().all(|(key, value)| live.elb.tags.get(key) == Some(value));
        tagged && names.clone().all(|other| other == name)
    });
    Ok(found)
}

async fn list(aws: &Aws) -> Result<Vec<LoadBalancerDescription>, ProviderError> {
    let pages = aws.elb.describe_load_balancers().page_size(400).into_paginator().items().send();
    pages.try_collect().await.map_err(failed("DescribeLoadBalancers"))
}

async fn named(aws: &Aws, names: &BTreeSet<&str>) -> Result<BTreeMap<String, Live>, ProviderError> {
    let listed = list(aws).await?;
    let name = |one: &LoadBalancerDescription| one.load_balancer_name().unwrap_or_default().to_owned();
    let mut found: Vec<_> = listed.into_iter().filter(|one| names.contains(name(one).as_str())).collect();
    let seen: BTreeSet<String> = found.iter().map(name).collect();
    // What is not in the list may be too new for it: ask for it by name before calling it gone.
    for missing in names.iter().filter(|name| !seen.contains(**name)) {
        found.extend(describe(aws, missing).await?);
    }
    told(aws, found).await
}

/// What the list says about one load balancer, if it exists.
pub(super) async fn describe(
    aws: &Aws,
    name: &str,
) -> Result<Option<LoadBalancerDescription>, ProviderError> {
    let told = aws.elb.describe_load_balancers().load_balancer_names(name).send().await;
    match told.map_err(failed("DescribeLoadBalancers")) {
        Ok(told) => Ok(told.load_balancer_descriptions.into_iter().flatten().next()),
        Err(error) if has_code(&error, "LoadBalancerNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds to descriptions what they do not tell. Load balancers that go meanwhile are left out.
async fn told(
    aws: &Aws,
    described: Vec<LoadBalancerDescription>,
) -> Result<BTreeMap<String, Live>, ProviderError> {
    let names: Vec<String> =
        described.iter().filter_map(|one| one.load_balancer_name().map(str::to_owned)).collect();
    let (mut tags, mut attributes) = futures_util::try_join!(tags(aws, &names), attributes(aws, &names))?;
    let groups = group_names(aws, &described).await?;

    let mut found = BTreeMap::new();
    for description in described {
        let name = description.load_balancer_name().unwrap_or_default().to_owned();
        let Some(attributes) = attributes.remove(&name) else { continue };
        let proxy_policies = proxy_policies(aws, &name, &description).await?;
        let told = Told {
            attributes,
            tags: tags.remove(&name).unwrap_or_default(),
            proxy_policies,
            source_group: source_group(&description, &groups),
            zone_id: zone_ids::zone_id(&aws.region).map(str::to_owned),
            description,
        };
        found.insert(name, Live::new(told));
    }
    Ok(found)
}

/// The tags of all, by name: DescribeTags takes twenty names.
async fn tags(aws: &Aws, names: &[String]) -> Result<BTreeMap<String, Tags>, ProviderError> {
    let calls: Vec<_> = names.chunks(20).map(|chunk| tags_of(aws, chunk)).collect();
    let told: Vec<Vec<TagDescription>> = stream::iter(calls).buffer_unordered(PARALLEL).try_collect().await?;
    let tag = |tag: &Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
    let of_one = |one: TagDescription| {
        Some((one.load_balancer_name()?.to_owned(), one.tags().iter().map(tag).collect()))
    };
    Ok(told.into_iter().flatten().filter_map(of_one).collect())
}

async fn tags_of(aws: &Aws, names: &[String]) -> Result<Vec<TagDescription>, ProviderError> {
    let told = aws.elb.describe_tags().set_load_balancer_names(Some(names.to_vec())).send().await;
    match told.map_err(failed("DescribeTags")) {
        Ok(told) => Ok(told.tag_descriptions.unwrap_or_default()),
        Err(error) if has_code(&error, "LoadBalancerNotFound") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The attributes of all, by name: one call each.
async fn attributes(
    aws: &Aws,
    names: &[String],
) -> Result<BTreeMap<String, LoadBalancerAttributes>, ProviderError> {
    let calls: Vec<_> = names.iter().map(|name| attributes_of(aws, name)).collect();
    let told: Vec<Option<_>> = stream::iter(calls).buffer_unordered(PARALLEL).try_collect().await?;
    Ok(told.into_iter().flatten().collect())
}

async fn attributes_of(
    aws: &Aws,
    name: &str,
) -> Result<Option<(String, LoadBalancerAttributes)>, ProviderError> {
    let told = aws.elb.describe_load_balancer_attributes().load_balancer_name(name).send().await;
    match told.map_err(failed("DescribeLoadBalancerAttributes")) {
        Ok(told) => Ok(told.load_balancer_attributes.map(|attributes| (name.to_owned(), attributes))),
        Err(error) if has_code(&error, "LoadBalancerNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Which policies of instance ports turn the proxy protocol on; asked only of load balancers that have any.
async fn proxy_policies(
    aws: &Aws,
    name: &str,
    description: &LoadBalancerDescription,
) -> Result<BTreeSet<String>, ProviderError> {
    if description.backend_server_descriptions().iter().all(|backend| backend.policy_names().is_empty()) {
        return Ok(BTreeSet::new());
    }
    let told = aws.elb.describe_load_balancer_policies().load_balancer_name(name).send().await;
    let told = told.map_err(failed("DescribeLoadBalancerPolicies"))?;
    let on = told.policy_descriptions().iter().filter(|policy| is_proxy(policy));
    Ok(on.filter_map(|policy| policy.policy_name().map(str::to_owned)).collect())
}

fn is_proxy(policy: &PolicyDescription) -> bool {
    let on = policy.policy_attribute_descriptions().iter().any(|attribute| {
        attribute.attribute_name() == Some("ProxyProtocol")
            && attribute.attribute_value().is_some_and(|value| value.eq_ignore_ascii_case("true"))
    });
    policy.policy_type_name() == Some("ProxyProtocolPolicyType") && on
}

/// The names of security groups by id: the source group is told by name, and with several groups one has to look
/// which of them it is.
async fn group_names(
    aws: &Aws,
    described: &[LoadBalancerDescription],
) -> Result<BTreeMap<String, String>, ProviderError> {
    let several = described.iter().map(|one| one.security_groups()).filter(|groups| groups.len() > 1);
    let ids: BTreeSet<String> = several.flatten().cloned().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let filter = Filter::builder().name("group-id").set_values(Some(ids.into_iter().collect())).build();
    let pages = aws.ec2.describe_security_groups().filters(filter).into_paginator().items().send();
    let groups: Vec<_> = pages.try_collect().await.map_err(failed("DescribeSecurityGroups"))?;
    let pair = |group: aws_sdk_ec2::types::SecurityGroup| Some((group.group_id?, group.group_name?));
    Ok(groups.into_iter().filter_map(pair).collect())
}

fn source_group(description: &LoadBalancerDescription, names: &BTreeMap<String, String>) -> Option<String> {
    let groups = description.security_groups();
    let wanted = description.source_security_group().and_then(|group| group.group_name());
    let by_name = groups.iter().find(|id| wanted.is_some() && names.get(*id).map(String::as_str) == wanted);
    by_name.or(groups.first()).cloned()
}

/// All attributes of a load balancer. Of subnets and zones, of which AWS tells both, the one that was applied.
pub(super) fn values(live: &Live, applied: &Values) -> Values {
    let mut elb = live.elb.clone();
    if applied.contains_key("availability_zones") || elb.subnets.is_empty() {
        elb.subnets = Vec::new();
    } else {
        elb.availability_zones = Vec::new();
    }
    with_nulls(explicit(&SCHEMA, encode(&SCHEMA, &elb)), applied, &["name_prefix"])
}

#[cfg(test)]
mod tests {
    use infra_lang::value::Value;

    use super::*;
    use crate::codec::attribute;
    use crate::elb::Elb;

    fn live() -> Live {
        let elb = Elb {
            id: Some("shop-web-1a2b3c".into()),
            name: Some("shop-web-1a2b3c".into()),
            subnets: vec!["subnet-a".into()],
            availability_zones: vec!["us-east-1a".into()],
            idle_timeout: 60,
            ..Elb::default()
        };
        Live { elb, ..Live::default() }
    }

    #[test]
    fn either_subnets_or_zones_are_told() {
        let plain = values(&live(), &Values::new());
        assert!(plain.contains_key("subnets") && !plain.contains_key("availability_zones"));
        let zones = Value::List(vec![Value::string("us-east-1a")]);
        let by_zone = values(&live(), &Values::from([attribute("availability_zones", zones)]));
        assert!(!by_zone.contains_key("subnets") && by_zone.contains_key("availability_zones"));
        assert_eq!(plain["id"], Value::string("shop-web-1a2b3c"));
        assert_eq!(plain["idle_timeout"].to_string(), "1m");
    }

    #[test]
    fn what_somebody_took_away_is_told() {
        let applied = Values::from([attribute("proxy_protocol_ports", Value::List(vec![Value::int(80)]))]);
        assert_eq!(values(&live(), &applied)["proxy_protocol_ports"], Value::Null);
    }

    #[test]
    fn the_source_group_is_found_among_several_by_its_name() {
        let source =
            aws_sdk_elasticloadbalancing::types::SourceSecurityGroup::builder().group_name("web").build();
        let description = LoadBalancerDescription::builder()
            .security_groups("sg-1")
            .security_groups("sg-2")
            .source_security_group(source)
            .build();
        let names =
            BTreeMap::from([("sg-1".to_owned(), "db".to_owned()), ("sg-2".to_owned(), "web".to_owned())]);
        assert_eq!(source_group(&description, &names).as_deref(), Some("sg-2"));
        assert_eq!(source_group(&description, &BTreeMap::new()).as_deref(), Some("sg-1"));
    }
}
