//! Reading records: a zone at a time.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancing::types::LoadBalancerDescription;
use aws_sdk_route53::types::ResourceRecordSet;
use futures_util::future::join_all;
use infra_engine::id::RemoteId;
use infra_engine::provider::{Observation, ProviderError, ReadRequest};
use infra_lang::residual::Values;
use infra_lang::value::Value;

use super::convert::from_aws;
use super::name::{RecordId, is_same_target, is_spelling_of};
use super::shift::{OLD, is_ours};
use super::{Alias, DEFAULT_TTL, Record, SCHEMA, api};
use crate::client::Aws;
use crate::codec::{decode, encode, explicit, with_empties, with_nulls};
use crate::kind::asked_id;

/// So few records of a zone are asked for by name; more are read with the whole zone.
const FEW: usize = 2;

type Told = BTreeMap<RecordId, ResourceRecordSet>;

/// See [`AwsKind::read`](crate::kind::AwsKind::read).
pub(super) async fn read(aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
    let ids: Vec<Option<RecordId>> =
        requests.iter().map(|request| RecordId::parse(asked_id(request)?)).collect();
    let mut by_zone: BTreeMap<&str, BTreeSet<&RecordId>> = BTreeMap::new();
    for id in ids.iter().flatten() {
        by_zone.entry(&id.zone).or_default().insert(id);
    }
    let zones = by_zone.into_iter().map(|(zone, ids)| async move { (zone, of_zone(aws, zone, &ids).await) });
    let zones: BTreeMap<&str, Result<Told, ProviderError>> = join_all(zones).await.into_iter().collect();
    let leads = zones.values().flatten().flat_map(BTreeMap::values).any(|told| told.alias_target().is_some());
    let balancers = if leads { api::balancers(aws).await } else { Ok(Vec::new()) };
    let answer = |(request, id): (&&ReadRequest, &Option<RecordId>)| {
        let Some(id) = id else { return Ok(Observation::Absent) };
        let zone = zones.get(id.zone.as_str()).map_or(Ok(None), |told| told.as_ref().map(Some));
        let told = zone.map_err(Clone::clone)?.and_then(|told| told.get(id).or_else(|| half_way(told, id)));
        let Some(told) = told else { return Ok(Observation::Absent) };
        let balancers = balancers.as_ref().map_err(Clone::clone)?;
        let values = values(&id.zone, told, balancers, &request.applied);
        Ok(Observation::Present { id: RemoteId(id.to_string()), values })
    };
    requests.iter().zip(&ids).map(answer).collect()
}

/// What stands for a record from which users were being led when an attempt stopped half way: its old side.
fn half_way<'t>(told: &'t Told, id: &RecordId) -> Option<&'t ResourceRecordSet> {
    let same = |other: &RecordId| other.name == id.name && other.kind == id.kind;
    let ours = told.iter().filter(|(other, _)| id.set.is_none() && is_ours(other) && same(other));
    ours.max_by_key(|(other, _)| other.set.as_deref() == Some(OLD)).map(|(_, told)| told)
}

async fn of_zone(aws: &Aws, zone: &str, ids: &BTreeSet<&RecordId>) -> Result<Told, ProviderError> {
    if ids.len() > FEW {
        return api::all(aws, zone).await;
    }
    let mut told = Told::new();
    for id in ids {
        let of_name = api::namesakes(aws, id).await?;
        told.extend(of_name.into_iter().filter(|(other, _)| other == *id || is_ours(other)));
    }
    Ok(told)
}

/// A record's attributes, in the words in which they were `applied`.
pub(super) fn values(
    zone: &str,
    told: &ResourceRecordSet,
    balancers: &[LoadBalancerDescription],
    applied: &Values,
) -> Values {
    // Attributes that do not decode were never applied by this kind.
    let written: Record = decode(applied).unwrap_or_default();
    let mut record = from_aws(zone, told);
    record.alias = record.alias.map(|alias| named(alias, balancers));
    if is_spelling_of(&written.name, &record.name) && !written.name.is_empty() {
        record.name = written.name;
    }
    if record.ttl == Some(DEFAULT_TTL) && written.ttl.is_none() {
        record.ttl = None;
    }
    let values = encode(&SCHEMA, &record);
    match applied.is_empty() {
        true => values,
        false => with_nulls(explicit(&SCHEMA, with_empties(values, applied)), applied, &[]),
    }
}

/// An alias by the name of the load balancer it leads to, if it leads to one.
fn named(alias: Alias, balancers: &[LoadBalancerDescription]) -> Alias {
    let leads_to = |balancer: &&LoadBalancerDescription| {
        balancer.dns_name().zip(alias.name.as_deref()).is_some_and(|(one, other)| is_same_target(one, other))
    };
    match balancers.iter().find(leads_to).and_then(LoadBalancerDescription::load_balancer_name) {
        Some(name) => Alias { target: Some(name.to_owned()), name: None, zone_id: None, ..alias },
        None => alias,
    }
}

/// Whether what is there is what is wanted, for somebody who may have made it in an earlier run.
pub(super) fn is_wanted(found: &Values, wanted: &Values) -> bool {
    let kind = &super::Records as &dyn infra_engine::provider::Kind;
    let nothing = |value: &Value| matches!(value, Value::Null);
    wanted.iter().filter(|(_, value)| !nothing(value)).all(|(name, wanted)| {
        found.get(name).is_some_and(|found| kind.same(name, wanted, &without_nulls(found)))
    })
}

/// A block without what it does not say.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(entries) => {
            let said = entries.iter().filter(|(_, value)| **value != Value::Null);
            Value::Map(said.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{AliasTarget, ResourceRecord, RrType};
    use infra_lang::name::AttributeName;

    use super::*;

    fn applied(pairs: &[(&str, Value)]) -> Values {
        pairs.iter().map(|(name, value)| (AttributeName::new(name), value.clone())).collect()
    }

    fn shown(values: &Values) -> String {
        values.iter().map(|(name, value)| format!("{name} = {value}\n")).collect()
    }

    #[test]
    fn an_alias_to_a_balancer_is_told_by_the_balancers_name() {
        let alias = AliasTarget::builder()
            .hosted_zone_id("Z35")
            .dns_name("dualstack.web-1.us-east-1.elb.amazonaws.com.")
            .evaluate_target_health(true);
        let told = ResourceRecordSet::builder().name("www.example.com.").r#type(RrType::A);
        let told = told.alias_target(alias.build().expect("complete")).build().expect("complete");
        let balancer = LoadBalancerDescription::builder()
            .load_balancer_name("web")
            .dns_name("web-1.us-east-1.elb.amazonaws.com")
            .build();
        let applied = applied(&[("name", Value::string("www"))]);
        insta::assert_snapshot!(shown(&values("Z1", &told, &[balancer], &applied)), @r#"
        alias = { evaluate_target_health = true, name = null, target = "web", zone_id = null }
        fqdn = "www.example.com"
        id = "Z1/www.example.com/A"
        name = "www"
        type = "A"
        zone_id = "Z1"
        "#);
    }

    #[test]
    fn the_default_ttl_is_told_only_where_it_is_written() {
        let value = ResourceRecord::builder().value("192.0.2.1").build().expect("complete");
        let told = ResourceRecordSet::builder().name("www.example.com.").r#type(RrType::A).ttl(300);
        let told = told.resource_records(value).build().expect("complete");
        let ttl = AttributeName::new("ttl");
        let silent = applied(&[("name", Value::string("www.example.com"))]);
        assert_eq!(values("Z1", &told, &[], &silent).get(&ttl), None);
        let written = applied(&[("ttl", Value::seconds(60))]);
        assert_eq!(values("Z1", &told, &[], &written).get(&ttl), Some(&Value::seconds(300)));
    }
}
