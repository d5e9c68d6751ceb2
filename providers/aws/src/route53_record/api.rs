//! Calls to Route53 about records, and to classic load balancing about what aliases lead to.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancing::types::LoadBalancerDescription;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecordSet, RrType};
use infra_engine::provider::{FailureClass, ProviderError};

use super::convert::{Leads, id_of};
use super::name::{RecordId, canonical, is_same_target};
use crate::client::Aws;
use crate::elb::zone_ids;
use crate::error::{failed, has_code, permanent};
use crate::route53_zone::bare;

/// The most that one answer holds.
const PAGE: i32 = 300;

/// All records of a zone, page by page; none if the zone is gone.
pub(crate) async fn all(
    aws: &Aws,
    zone: &str,
) -> Result<BTreeMap<RecordId, ResourceRecordSet>, ProviderError> {
    let mut records = BTreeMap::new();
    let mut call = aws.route53.list_resource_record_sets().hosted_zone_id(zone).max_items(PAGE);
    loop {
        let page = match call.send().await.map_err(failed("ListResourceRecordSets")) {
            Ok(page) => page,
            Err(error) if error.class == FailureClass::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(error),
        };
        records.extend(page.resource_record_sets().iter().map(|told| (id_of(zone, told), told.clone())));
        if !page.is_truncated() {
            return Ok(records);
        }
        call = aws
            .route53
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .max_items(PAGE)
            .set_start_record_name(page.next_record_name().map(str::to_owned))
            .set_start_record_type(page.next_record_type().cloned())
            .set_start_record_identifier(page.next_record_identifier().map(str::to_owned));
    }
}

/// The records of one name and type: one, or the members of a set.
pub(crate) async fn namesakes(
    aws: &Aws,
    id: &RecordId,
) -> Result<BTreeMap<RecordId, ResourceRecordSet>, ProviderError> {
    let call = aws
        .route53
        .list_resource_record_sets()
        .hosted_zone_id(&id.zone)
        .start_record_name(&id.name)
        .start_record_type(RrType::from(id.kind.as_str()))
        .max_items(100);
    let page = match call.send().await.map_err(failed("ListResourceRecordSets")) {
        Ok(page) => page,
        Err(error) if error.class == FailureClass::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let records = page.resource_record_sets().iter().map(|told| (id_of(&id.zone, told), told.clone()));
    Ok(records.filter(|(other, _)| other.name == id.name && other.kind == id.kind).collect())
}

/// Changes records all at once or not at all; gives the id of the change.
pub(crate) async fn change(
    aws: &Aws,
    zone: &str,
    changes: Vec<(ChangeAction, ResourceRecordSet)>,
) -> Result<String, ProviderError> {
    let incomplete =
        |error: aws_sdk_route53::error::BuildError| permanent("ChangeResourceRecordSets", error.to_string());
    let changes = changes
        .into_iter()
        .map(|(action, record)| Change::builder().action(action).resource_record_set(record).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(incomplete)?;
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build().map_err(incomplete)?;
    let call = aws.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    let answer = call.send().await.map_err(failed("ChangeResourceRecordSets"))?;
    Ok(answer.change_info().map(|info| bare(info.id()).to_owned()).unwrap_or_default())
}

/// Whether all of Route53's servers know a change. One that is forgotten is long done.
pub(crate) async fn is_in_sync(aws: &Aws, change: &str) -> Result<bool, ProviderError> {
    match aws.route53.get_change().id(change).send().await.map_err(failed("GetChange")) {
        Ok(answer) => Ok(answer.change_info().is_none_or(|info| *info.status() == ChangeStatus::Insync)),
        Err(error) if has_code(&error, "NoSuchChange") => Ok(true),
        Err(error) => Err(error),
    }
}

/// The name of a zone; it never changes, so it is asked once.
pub(crate) async fn zone_name(aws: &Aws, zone: &str) -> Result<String, ProviderError> {
    let mut names = aws.zone_names.lock().await;
    if let Some(name) = names.get(zone) {
        return Ok(name.clone());
    }
    let answer = aws.route53.get_hosted_zone().id(zone).send().await.map_err(failed("GetHostedZone"))?;
    let name = answer.hosted_zone().map(|zone| canonical(zone.name())).unwrap_or_default();
    names.insert(zone.to_owned(), name.clone());
    Ok(name)
}

/// All load balancers: aliases lead to them by DNS name, and people by their names.
pub(super) async fn balancers(aws: &Aws) -> Result<Vec<LoadBalancerDescription>, ProviderError> {
    let pages = aws.elb.describe_load_balancers().page_size(400).into_paginator().items().send();
    pages.try_collect().await.map_err(failed("DescribeLoadBalancers"))
}

/// One load balancer, by its name.
async fn balancer(aws: &Aws, name: &str) -> Result<Option<LoadBalancerDescription>, ProviderError> {
    let call = aws.elb.describe_load_balancers().load_balancer_names(name);
    match call.send().await.map_err(failed("DescribeLoadBalancers")) {
        Ok(answer) => Ok(answer.load_balancer_descriptions().first().cloned()),
        Err(error) if has_code(&error, "LoadBalancerNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The load balancers among which is the one that a record leads to, if it leads to any: the one that is `wanted`, and
/// all others only if it is not that. A thousand records would otherwise list a thousand balancers each.
pub(super) async fn balancers_behind(
    aws: &Aws,
    told: &ResourceRecordSet,
    wanted: Option<&str>,
) -> Result<Vec<LoadBalancerDescription>, ProviderError> {
    let Some(alias) = told.alias_target() else { return Ok(Vec::new()) };
    let wanted = match wanted {
        Some(name) => balancer(aws, name).await?,
        None => None,
    };
    let leads_there = |found: &LoadBalancerDescription| {
        found.dns_name().is_some_and(|name| is_same_target(name, alias.dns_name()))
    };
    match wanted.filter(leads_there) {
        Some(found) => Ok(vec![found]),
        None => balancers(aws).await,
    }
}

/// Where an alias to a load balancer leads; nowhere yet if there is no such balancer.
pub(crate) async fn leads_to(aws: &Aws, name: &str) -> Result<Option<Leads>, ProviderError> {
    let Some(found) = balancer(aws, name).await? else { return Ok(None) };
    match (found.dns_name(), found.canonical_hosted_zone_name_id().or_else(|| zone_ids::zone_id(&aws.region)))
    {
        (Some(dns_name), Some(zone_id)) => {
            Ok(Some(Leads { dns_name: dns_name.to_owned(), zone_id: zone_id.to_owned() }))
        }
        _ => Err(permanent("DescribeLoadBalancers", format!("the hosted zone of `{name}` is not told"))),
    }
}
