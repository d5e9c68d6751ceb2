//! What carries a project's tags, over all kinds that have any: how objects are found again when the state is lost.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LifecycleState};
use aws_sdk_ec2::types::{Filter, TagDescription};
use aws_sdk_route53::types::TagResourceType;
use futures_util::future::{try_join_all, try_join5};
use infra_engine::id::RemoteId;
use infra_engine::provider::{ProviderError, Tagged};
use infra_lang::address::{Address, Mode, ModuleStep};
use infra_lang::name::{Identifier, KindName};

use crate::client::Aws;
use crate::ec2::filter;
use crate::error::failed;
use crate::route53_zone::{bare, list};
use crate::tags::{ADDRESS, PROJECT, Tags, address_tag};

/// The kinds whose tags EC2 tells, by what it calls them.
const EC2: [(&str, &str); 8] = [
    ("vpc", "vpc"),
    ("subnet", "subnet"),
    ("internet-gateway", "internet_gateway"),
    ("route-table", "route_table"),
    ("security-group", "security_group"),
    ("instance", "instance"),
    ("launch-template", "launch_template"),
    ("image", "ami"),
];

/// Everything with the tags of this project. Alarms are told by their names instead: their tags cost a call each.
///
/// # Errors
/// What the calls that list tags answer.
pub(crate) async fn all(aws: &Aws) -> Result<Vec<Tagged>, ProviderError> {
    let (ec2, keys, groups, balancers, zones) =
        try_join5(ec2(aws), key_pairs(aws), groups(aws), balancers(aws), zones(aws)).await?;
    Ok([ec2, keys, groups, balancers, zones].concat())
}

/// The object of these tags, if they are of this project.
fn ours(aws: &Aws, kind: &str, id: &str, tags: &Tags) -> Option<Tagged> {
    let address = tags.get(ADDRESS).filter(|_| tags.get(PROJECT) == Some(&aws.project))?;
    Some(Tagged { kind: KindName::new(kind), id: RemoteId::from(id), address: address.clone() })
}

/// What EC2 keeps, with two calls for all of it.
async fn ec2(aws: &Aws) -> Result<Vec<Tagged>, ProviderError> {
    let project = vec![filter("key", [PROJECT]), filter("value", [&aws.project])];
    let of_project: BTreeSet<String> =
        described(aws, project).await?.into_iter().filter_map(|tag| tag.resource_id).collect();
    let addresses = described(aws, vec![filter("key", [ADDRESS])]).await?;
    let tagged = addresses.into_iter().filter_map(|tag| {
        let resource = tag.resource_type.as_ref()?.as_str().to_owned();
        let (_, kind) = EC2.iter().find(|(name, _)| *name == resource)?;
        let id = tag.resource_id.filter(|id| of_project.contains(id))?;
        Some(Tagged { kind: KindName::new(kind), id: RemoteId(id), address: tag.value? })
    });
    Ok(tagged.collect())
}

async fn described(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<TagDescription>, ProviderError> {
    let pages = aws.ec2.describe_tags().set_filters(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.map_err(failed("DescribeTags"))
}

/// Key pairs are known by their names, which their tags do not tell.
async fn key_pairs(aws: &Aws) -> Result<Vec<Tagged>, ProviderError> {
    let call = aws.ec2.describe_key_pairs().filters(filter(&format!("tag:{PROJECT}"), [&aws.project]));
    let answer = call.send().await.map_err(failed("DescribeKeyPairs"))?;
    let tagged = answer.key_pairs().iter().filter_map(|pair| {
        let tags = pair.tags().iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)));
        ours(aws, "key_pair", pair.key_name()?, &tags.collect())
    });
    Ok(tagged.collect())
}

/// Groups, those with the most instances in service first: after a swap that nobody finished, users are served there.
async fn groups(aws: &Aws) -> Result<Vec<Tagged>, ProviderError> {
    let pages = aws.autoscaling.describe_auto_scaling_groups().into_paginator().items().send();
    let mut groups: Vec<AutoScalingGroup> =
        pages.try_collect().await.map_err(failed("DescribeAutoScalingGroups"))?;
    let serving = |group: &AutoScalingGroup| {
        let in_service = |state: Option<&LifecycleState>| state == Some(&LifecycleState::InService);
        group.instances().iter().filter(|instance| in_service(instance.lifecycle_state())).count()
    };
    groups.retain(|group| group.status().is_none());
    groups.sort_by_key(|group| std::cmp::Reverse(serving(group)));
    let tagged = groups.iter().filter_map(|group| {
        let tags =
            group.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
        ours(aws, "autoscaling_group", group.auto_scaling_group_name()?, &tags.collect())
    });
    Ok(tagged.collect())
}

/// `DescribeTags` of classic load balancing takes so many names.
const NAMES: usize = 20;

async fn balancers(aws: &Aws) -> Result<Vec<Tagged>, ProviderError> {
    let pages = aws.elb.describe_load_balancers().page_size(400).into_paginator().items().send();
    let balancers: Vec<_> = pages.try_collect().await.map_err(failed("DescribeLoadBalancers"))?;
    let names: Vec<String> = balancers.into_iter().filter_map(|one| one.load_balancer_name).collect();
    let mut found = Vec::new();
    for some in names.chunks(NAMES) {
        let call = aws.elb.describe_tags().set_load_balancer_names(Some(some.to_vec()));
        let answer = call.send().await.map_err(failed("DescribeTags"))?;
        found.extend(answer.tag_descriptions().iter().filter_map(|told| {
            let tags =
                told.tags().iter().filter_map(|tag| Some((tag.key().to_owned(), tag.value()?.to_owned())));
            ours(aws, "elb", told.load_balancer_name()?, &tags.collect())
        }));
    }
    Ok(found)
}

/// `ListTagsForResources` takes so many ids.
const ZONES: usize = 10;

async fn zones(aws: &Aws) -> Result<Vec<Tagged>, ProviderError> {
    let ids: Vec<String> = list(aws).await?.iter().map(|zone| bare(zone.id()).to_owned()).collect();
    let calls = ids.chunks(ZONES).map(|some| async move {
        let call = aws.route53.list_tags_for_resources().resource_type(TagResourceType::Hostedzone);
        let call = call.set_resource_ids(Some(some.to_vec()));
        call.send().await.map_err(failed("ListTagsForResources"))
    });
    let answers = try_join_all(calls).await?;
    let told = answers.iter().flat_map(|answer| answer.resource_tag_sets());
    let tagged = told.filter_map(|set| {
        let tags = set.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
        ours(aws, "route53_zone", set.resource_id()?, &tags.collect())
    });
    Ok(tagged.collect())
}

/// The address that was written into a tag, in which quotes and brackets are spaces.
pub(crate) fn address_of(tag: &str) -> Option<Address> {
    let mut module = Vec::new();
    let mut rest = tag;
    while let Some(after) = rest.strip_prefix("module.") {
        let (name, key, tail) = segment(after)?;
        module.push(ModuleStep { name: Identifier::new(name), key });
        rest = tail.strip_prefix('.')?;
    }
    let (kind, rest) = rest.split_once('.')?;
    let (name, key, tail) = segment(rest)?;
    let address =
        Address { module, mode: Mode::Managed, kind: KindName::new(kind), name: Identifier::new(name), key };
    let reads_back = || Address::parse(&address.to_string()).is_some() && address_tag(&address) == tag;
    (tail.is_empty() && reads_back()).then_some(address)
}

/// Splits `name  key  …` into the name, the key and what follows.
fn segment(text: &str) -> Option<(&str, Option<String>, &str)> {
    let end = text.find(['.', ' ']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match rest.strip_prefix("  ") {
        None => Some((name, None, rest)),
        Some(quoted) => quoted.split_once("  ").map(|(key, rest)| (name, Some(key.to_owned()), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_back_from_their_tags() {
        for text in ["elb.web", r#"subnet.public["a"]"#, r#"module.m["eu-1"].module.n.vpc.main["x.y"]"#] {
            let address = Address::parse(text).expect("an address");
            assert_eq!(address_of(&address_tag(&address)), Some(address), "{text}");
        }
        for text in ["", "elb", "elb.web  a", "module.m", "elb.web x"] {
            assert_eq!(address_of(text), None, "{text}");
        }
    }
}
