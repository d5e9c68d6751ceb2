//! What a record set must be, by itself and beside the others (ChangeResourceRecordSets).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::model::Model;
use crate::model::route53::{Alias, RecordSet, Routing, Zone};
use crate::wire::ApiError;

use super::changes::refused;

type Records = BTreeMap<String, RecordSet>;

/// Whether two record sets are the same; the order of values does not count.
pub fn equal(one: &RecordSet, other: &RecordSet) -> bool {
    let values = |record: &RecordSet| record.values.iter().cloned().collect::<BTreeSet<_>>();
    let bare = |record: &RecordSet| RecordSet { values: Vec::new(), ..record.clone() };
    values(one) == values(other) && bare(one) == bare(other)
}

/// Refuses a record set that must not be in the zone.
pub fn check(model: &Model, zone: &Zone, records: &Records, record: &RecordSet) -> Result<(), ApiError> {
    let name = &record.name;
    if *name != zone.name && !name.ends_with(&format!(".{}", zone.name)) {
        return Err(refused(format!("RRSet with DNS name {name} is not permitted in zone {}", zone.name)));
    }
    content(record)?;
    company(zone, records, record)?;
    match &record.alias {
        Some(alias) => target(model, zone, records, record, alias),
        None => Ok(()),
    }
}

/// Either an alias or values with a TTL; a set identifier goes with a routing policy.
fn content(record: &RecordSet) -> Result<(), ApiError> {
    let plain = record.ttl.is_some() && !record.values.is_empty();
    let mixed = record.alias.is_some() && (record.ttl.is_some() || !record.values.is_empty());
    if mixed || (record.alias.is_none() && !plain) {
        let message = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]";
        return Err(ApiError::new("InvalidInput", message));
    }
    if record.routing.is_some() != record.set_identifier.is_some() {
        let message =
            "Invalid request: Missing field 'SetIdentifier' in Change, or a routing policy to go with it";
        return Err(ApiError::new("InvalidInput", message));
    }
    match record.values.iter().find(|value| !readable(&record.kind, value)) {
        Some(value) => {
            Err(refused(format!("Invalid Resource Record: '{value}' is not a valid {} record", record.kind)))
        }
        None => Ok(()),
    }
}

fn readable(kind: &str, value: &str) -> bool {
    match kind {
        "A" => value.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => value.parse::<Ipv6Addr>().is_ok(),
        "TXT" | "SPF" => value.starts_with('"') && value.ends_with('"') && value.len() >= 2,
        "CNAME" | "NS" | "PTR" => !value.is_empty() && !value.contains(char::is_whitespace),
        _ => !value.is_empty(),
    }
}

/// What the other record sets of the name allow.
fn company(zone: &Zone, records: &Records, record: &RecordSet) -> Result<(), ApiError> {
    let (name, kind) = (&record.name, &record.kind);
    if kind == "CNAME" && *name == zone.name {
        return Err(refused(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {}",
            zone.name
        )));
    }
    for other in records.values().filter(|other| other.name == *name && other.key() != record.key()) {
        if (other.kind == "CNAME") != (kind == "CNAME") {
            return Err(refused(format!(
                "RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {}",
                zone.name
            )));
        }
        if other.kind == *kind {
            beside(other, record)?;
        }
    }
    Ok(())
}

/// Sets of one name and type must be of one sort.
fn beside(other: &RecordSet, record: &RecordSet) -> Result<(), ApiError> {
    let (name, kind) = (&record.name, &record.kind);
    let sort = |record: &RecordSet| record.routing.as_ref().map(Routing::sort);
    match (sort(record), sort(other)) {
        (Some(new), Some(old)) if new == old && (record.ttl == other.ttl || new != "weighted") => Ok(()),
        (Some(new), Some(old)) if new == old => Err(refused(format!(
            "RRSet with DNS name {name}, type {kind} cannot be created as weighted sets must contain the same TTL."
        ))),
        (Some(_), None) => {
            let set = record.set_identifier.as_deref().unwrap_or_default();
            Err(refused(format!(
                "RRSet with DNS name {name}, type {kind}, SetIdentifier {set} cannot be created as a non-weighted set exists with the same name and type."
            )))
        }
        _ => Err(refused(format!(
            "RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same name and type."
        ))),
    }
}

/// The target of an alias must be there: in this zone, or a load balancer whose name is known to the name servers.
fn target(
    model: &Model,
    zone: &Zone,
    records: &Records,
    record: &RecordSet,
    alias: &Alias,
) -> Result<(), ApiError> {
    let dns_name = alias.dns_name.trim_end_matches('.');
    let missing = || {
        let (name, kind) = (&alias.dns_name, &record.kind);
        refused(format!(
            "Tried to create an alias that targets {name}, type {kind} in zone {}, but that target was not found",
            alias.zone
        ))
    };
    if alias.zone == zone.id {
        let there = records.values().any(|other| other.name == alias.dns_name && other.kind == record.kind);
        return if there { Ok(()) } else { Err(missing()) };
    }
    let plain = dns_name.strip_prefix("dualstack.").unwrap_or(dns_name);
    let suffix = format!(".{}.elb.amazonaws.com", model.region);
    if !plain.ends_with(&suffix) {
        // A load balancer of another region, or something that is not modelled.
        return Ok(());
    }
    if alias.zone != crate::elb::zone_id(&model.region) {
        return Err(refused(format!(
            "Tried to create an alias that targets {}, type {} in zone {}, but the alias target name does not lie within the target zone",
            alias.dns_name, record.kind, alias.zone
        )));
    }
    let classic = model.elb.balancers.values().map(|balancer| (&balancer.dns_name, balancer.resolvable));
    let newer = model.elbv2.balancers.values().map(|balancer| (&balancer.dns_name, balancer.active));
    let known = classic.chain(newer).any(|(name, from)| name == plain && model.now >= from);
    if known { Ok(()) } else { Err(missing()) }
}
