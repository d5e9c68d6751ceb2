//! Between a record of ours and one of Route53's.

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, GeoLocation, ResourceRecord, ResourceRecordSet, ResourceRecordSetFailover,
    ResourceRecordSetRegion, RrType,
};

use super::name::{RecordId, canonical};
use super::{Alias, DEFAULT_TTL, Failover, Geolocation, Latency, Record, Weighted};

/// Where an alias leads, in Route53's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leads {
    pub(crate) dns_name: String,
    pub(crate) zone_id: String,
}

/// The record as Route53 takes it.
///
/// # Errors
/// A member that Route53 requires is missing; the schema's checks leave none out.
pub(super) fn to_aws(
    id: &RecordId,
    wanted: &Record,
    leads: Option<&Leads>,
) -> Result<ResourceRecordSet, BuildError> {
    let alias = wanted.alias.as_ref().zip(leads).map(|(alias, leads)| {
        AliasTarget::builder()
            .hosted_zone_id(&leads.zone_id)
            .dns_name(&leads.dns_name)
            .evaluate_target_health(alias.evaluate_target_health)
            .build()
    });
    let values =
        wanted.records.iter().map(|value| ResourceRecord::builder().value(quoted(value, &id.kind)).build());
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let geo = wanted.geolocation_routing_policy.as_ref().map(|geo| {
        GeoLocation::builder()
            .set_continent_code(geo.continent.clone())
            .set_country_code(geo.country.clone())
            .set_subdivision_code(geo.subdivision.clone())
            .build()
    });
    let plain = wanted.alias.is_none();
    ResourceRecordSet::builder()
        .name(&id.name)
        .r#type(RrType::from(id.kind.as_str()))
        .set_ttl(plain.then(|| wanted.ttl.unwrap_or(DEFAULT_TTL)))
        .set_resource_records(plain.then_some(values))
        .set_alias_target(alias.transpose()?)
        .set_set_identifier(id.set.clone())
        .set_weight(wanted.weighted_routing_policy.as_ref().map(|policy| policy.weight))
        .set_region(wanted.latency_routing_policy.as_ref().map(|policy| policy.region.as_str().into()))
        .set_failover(wanted.failover_routing_policy.as_ref().map(|policy| policy.r#type.as_str().into()))
        .set_geo_location(geo)
        .set_multi_value_answer(wanted.multivalue_answer_routing_policy)
        .set_health_check_id(wanted.health_check_id.clone())
        .build()
}

/// Route53 wants quotes around the text of a TXT record.
fn quoted(value: &str, kind: &str) -> String {
    match matches!(kind, "TXT" | "SPF") && !value.starts_with('"') {
        true => format!("\"{value}\""),
        false => value.to_owned(),
    }
}

/// What Route53 tells of a record of a zone; an alias by name.
pub(super) fn from_aws(zone: &str, told: &ResourceRecordSet) -> Record {
    let geo = told.geo_location().map(|geo| Geolocation {
        continent: geo.continent_code().map(str::to_owned),
        country: geo.country_code().map(str::to_owned),
        subdivision: geo.subdivision_code().map(str::to_owned),
    });
    let alias = told.alias_target().map(|alias| Alias {
        target: None,
        name: Some(canonical(alias.dns_name())),
        zone_id: Some(alias.hosted_zone_id().to_owned()),
        evaluate_target_health: alias.evaluate_target_health(),
    });
    Record {
        zone_id: zone.to_owned(),
        name: canonical(told.name()),
        r#type: told.r#type().as_str().to_owned(),
        records: told.resource_records().iter().map(|record| record.value().to_owned()).collect(),
        ttl: told.ttl(),
        alias,
        set_identifier: told.set_identifier().map(str::to_owned),
        weighted_routing_policy: told.weight().map(|weight| Weighted { weight }),
        latency_routing_policy: region(told.region()),
        failover_routing_policy: failover(told.failover()),
        geolocation_routing_policy: geo,
        multivalue_answer_routing_policy: told.multi_value_answer(),
        health_check_id: told.health_check_id().map(str::to_owned),
        fqdn: Some(canonical(told.name())),
        id: Some(id_of(zone, told).to_string()),
    }
}

fn region(told: Option<&ResourceRecordSetRegion>) -> Option<Latency> {
    told.map(|region| Latency { region: region.as_str().to_owned() })
}

fn failover(told: Option<&ResourceRecordSetFailover>) -> Option<Failover> {
    told.map(|failover| Failover { r#type: failover.as_str().to_owned() })
}

/// What a record of a zone is known by.
pub(super) fn id_of(zone: &str, told: &ResourceRecordSet) -> RecordId {
    RecordId {
        zone: zone.to_owned(),
        name: canonical(told.name()),
        kind: told.r#type().as_str().to_owned(),
        set: told.set_identifier().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            zone_id: "Z1".to_owned(),
            name: "www.example.com".to_owned(),
            r#type: "A".to_owned(),
            ..Record::default()
        }
    }

    /// Sent and told again.
    fn round_trip(wanted: &Record, set: Option<&str>) -> Record {
        let id = RecordId {
            zone: "Z1".to_owned(),
            name: wanted.name.clone(),
            kind: wanted.r#type.clone(),
            set: set.map(str::to_owned),
        };
        let leads =
            Leads { dns_name: "Web-1.us-east-1.elb.amazonaws.com".to_owned(), zone_id: "Z35".to_owned() };
        from_aws("Z1", &to_aws(&id, wanted, Some(&leads)).expect("complete"))
    }

    #[test]
    fn a_plain_record_has_the_default_ttl() {
        let wanted = Record { records: ["192.0.2.1".to_owned()].into(), ..record() };
        let told = round_trip(&wanted, None);
        assert_eq!((told.ttl, told.records), (Some(DEFAULT_TTL), wanted.records));
        assert_eq!(told.id.as_deref(), Some("Z1/www.example.com/A"));
    }

    #[test]
    fn an_alias_has_no_ttl() {
        let alias =
            Alias { target: Some("web".to_owned()), evaluate_target_health: true, ..Alias::default() };
        let policy = Weighted { weight: 10 };
        let wanted = Record { alias: Some(alias), weighted_routing_policy: Some(policy.clone()), ..record() };
        let told = round_trip(&wanted, Some("blue"));
        let alias = told.alias.expect("an alias");
        assert_eq!((told.ttl, told.weighted_routing_policy), (None, Some(policy)));
        assert_eq!(alias.name.as_deref(), Some("web-1.us-east-1.elb.amazonaws.com"));
        assert_eq!(told.id.as_deref(), Some("Z1/www.example.com/A/blue"));
    }

    #[test]
    fn text_is_quoted_once() {
        assert_eq!(quoted("v=spf1 -all", "TXT"), "\"v=spf1 -all\"");
        assert_eq!(quoted("\"v=spf1 -all\"", "TXT"), "\"v=spf1 -all\"");
        assert_eq!(quoted("192.0.2.1", "A"), "192.0.2.1");
    }
}
