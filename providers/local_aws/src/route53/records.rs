//! Record sets: read from a request, listed in an answer.

use crate::model::Model;
use crate::model::route53::{Alias, RecordSet, Routing, key};
use crate::wire::{ApiError, Node, RestReply, RestRequest};

use super::{canonical, part, zones};

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInput", message)
}

/// Reads a `ResourceRecordSet` element.
pub fn read(node: &Node) -> Result<RecordSet, ApiError> {
    let text = |name: &str| node.text_of(name).filter(|text| !text.is_empty());
    let ttl = text("TTL").map(|text| text.parse().map_err(|_| invalid(format!("TTL '{text}' is no number"))));
    let values = node.get("ResourceRecords").map(Node::children).unwrap_or_default();
    Ok(RecordSet {
        name: canonical(text("Name").ok_or_else(|| invalid("Name is required"))?),
        kind: text("Type").ok_or_else(|| invalid("Type is required"))?.to_owned(),
        set_identifier: text("SetIdentifier").map(str::to_owned),
        routing: routing(node)?,
        ttl: ttl.transpose()?,
        values: values.iter().filter_map(|value| value.text_of("Value")).map(str::to_owned).collect(),
        alias: node.get("AliasTarget").map(alias).transpose()?,
        health_check: text("HealthCheckId").map(str::to_owned),
    })
}

fn routing(node: &Node) -> Result<Option<Routing>, ApiError> {
    let weight = |text: &str| match text.parse() {
        Ok(weight) if weight <= 255 => Ok(Routing::Weight(weight)),
        _ => Err(invalid(format!("Weight '{text}' must be between 0 and 255"))),
    };
    if let Some(text) = node.text_of("Weight") {
        return weight(text).map(Some);
    }
    let plain = node.text_of("Region").map(|text| Routing::Region(text.to_owned()));
    let plain = plain.or_else(|| node.text_of("Failover").map(|text| Routing::Failover(text.to_owned())));
    let plain =
        plain.or_else(|| node.text_of("MultiValueAnswer").map(|text| Routing::MultiValue(text == "true")));
    let pair = |code: &Node| (code.name().to_owned(), code.text().to_owned());
    let geo = node.get("GeoLocation").map(|geo| Routing::Geo(geo.children().iter().map(pair).collect()));
    Ok(plain.or(geo))
}

fn alias(node: &Node) -> Result<Alias, ApiError> {
    let text = |name: &str| node.text_of(name).ok_or_else(|| invalid(format!("{name} is required")));
    Ok(Alias {
        zone: text("HostedZoneId")?.to_owned(),
        dns_name: canonical(text("DNSName")?),
        evaluate: text("EvaluateTargetHealth")? == "true",
    })
}

fn node(record: &RecordSet) -> Node {
    let node = Node::body()
        .field("Name", &record.name)
        .field("Type", &record.kind)
        .maybe("SetIdentifier", record.set_identifier.as_ref());
    let node = match &record.routing {
        Some(Routing::Weight(weight)) => node.field("Weight", weight),
        Some(Routing::Region(region)) => node.field("Region", region),
        Some(Routing::Failover(role)) => node.field("Failover", role),
        Some(Routing::MultiValue(on)) => node.field("MultiValueAnswer", on),
        Some(Routing::Geo(codes)) => {
            let codes = codes.iter().fold(Node::body(), |node, (name, code)| node.field(name.clone(), code));
            node.child("GeoLocation", codes)
        }
        None => node,
    };
    let node = node.maybe("TTL", record.ttl);
    let node = match &record.alias {
        None => node.list(
            "ResourceRecords",
            "ResourceRecord",
            record.values.iter().map(|value| Node::body().field("Value", value)),
        ),
        Some(alias) => node.child(
            "AliasTarget",
            Node::body()
                .field("HostedZoneId", &alias.zone)
                .field("DNSName", &alias.dns_name)
                .field("EvaluateTargetHealth", alias.evaluate),
        ),
    };
    node.maybe("HealthCheckId", record.health_check.as_ref())
}

pub fn list(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let query = |name: &str| request.query.text(name).unwrap_or_default();
    let size = query("maxitems").parse().unwrap_or(300).clamp(1, 300);
    let zone = zones::find(model, part(request, 2))?;
    let start = match query("name") {
        "" => String::new(),
        name => key(&canonical(name), query("type"), query("identifier")),
    };
    let mut rest = zone.records.range(start..).map(|(_, record)| record);
    let page: Vec<Node> = rest.by_ref().take(size).map(node).collect();
    let next = rest.next();
    let root = Node::new("ListResourceRecordSetsResponse")
        .list("ResourceRecordSets", "ResourceRecordSet", page)
        .field("IsTruncated", next.is_some())
        .maybe("NextRecordName", next.map(|record| &record.name))
        .maybe("NextRecordType", next.map(|record| &record.kind))
        .maybe("NextRecordIdentifier", next.and_then(|record| record.set_identifier.as_ref()))
        .field("MaxItems", size);
    Ok(RestReply::ok(root))
}
