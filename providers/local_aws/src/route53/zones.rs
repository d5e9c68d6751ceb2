//! Hosted zones.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::route53::{RecordSet, Zone};
use crate::wire::{ApiError, Node, RestReply, RestRequest};

use super::{canonical, changes, part, required, text};

pub fn create(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let name = canonical(required(request, "Name")?);
    let reference = required(request, "CallerReference")?.to_owned();
    if model.route53.zones.values().any(|zone| zone.caller_reference == reference) {
        let message = "A hosted zone has already been created with the specified caller reference.";
        return Err(ApiError::new("HostedZoneAlreadyExists", message).with_status(409));
    }
    let body = request.body.as_ref();
    let config = body.and_then(|body| body.get("HostedZoneConfig"));
    let vpc = body.and_then(|body| body.get("VPC"));
    let pair = |vpc: &Node| Some((vpc.text_of("VPCRegion")?.to_owned(), vpc.text_of("VPCId")?.to_owned()));
    let zone = Zone {
        id: format!("Z{}", model.random.hex(19).to_uppercase()),
        records: apex(&name),
        name,
        caller_reference: reference,
        comment: config.and_then(|config| config.text_of("Comment")).map(str::to_owned),
        vpcs: vpc.and_then(pair).into_iter().collect(),
        tags: BTreeMap::new(),
    };
    let change = changes::begin(model);
    let root =
        Node::new("CreateHostedZoneResponse").child("HostedZone", node(&zone)).child("ChangeInfo", change);
    let root = place(root, &zone);
    let location = format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{}", zone.id);
    model.route53.zones.insert(zone.id.clone(), zone);
    Ok(RestReply::created(root, location))
}

const NAME_SERVERS: [&str; 4] =
    ["ns-2048.awsdns-64.com", "ns-2049.awsdns-65.net", "ns-2050.awsdns-66.org", "ns-2051.awsdns-67.co.uk"];

/// The records every zone is born with.
fn apex(name: &str) -> BTreeMap<String, RecordSet> {
    let record = |kind: &str, ttl: u64, values: Vec<String>| RecordSet {
        name: name.to_owned(),
        kind: kind.to_owned(),
        set_identifier: None,
        routing: None,
        ttl: Some(ttl),
        values,
        alias: None,
        health_check: None,
    };
    let servers = NAME_SERVERS.iter().map(|server| format!("{server}.")).collect();
    let authority = format!("{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", NAME_SERVERS[0]);
    let both = [record("NS", 172_800, servers), record("SOA", 900, vec![authority])];
    both.into_iter().map(|record| (record.key(), record)).collect()
}

/// Whether a record set is one of those a zone is born with: they neither count as content nor can be deleted.
pub fn is_apex(zone: &Zone, record: &RecordSet) -> bool {
    record.name == zone.name && matches!(record.kind.as_str(), "NS" | "SOA")
}

fn node(zone: &Zone) -> Node {
    let config =
        Node::body().maybe("Comment", zone.comment.as_ref()).field("PrivateZone", !zone.vpcs.is_empty());
    Node::body()
        .field("Id", format!("/hostedzone/{}", zone.id))
        .field("Name", &zone.name)
        .field("CallerReference", &zone.caller_reference)
        .child("Config", config)
        .field("ResourceRecordSetCount", zone.records.len())
}

/// Where a zone is: on name servers, or in VPCs.
fn place(root: Node, zone: &Zone) -> Node {
    if zone.vpcs.is_empty() {
        let servers = Node::body().list("NameServers", "NameServer", NAME_SERVERS.iter().map(Node::value));
        return root.child("DelegationSet", servers);
    }
    let vpc = |(region, id): &(String, String)| Node::body().field("VPCRegion", region).field("VPCId", id);
    root.list("VPCs", "VPC", zone.vpcs.iter().map(vpc))
}

/// The zone with this id.
pub fn find<'a>(model: &'a mut Model, id: &str) -> Result<&'a mut Zone, ApiError> {
    let missing =
        || ApiError::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).with_status(404);
    model.route53.zones.get_mut(id).ok_or_else(missing)
}

pub fn get(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let zone = find(model, part(request, 2))?;
    Ok(RestReply::ok(place(Node::new("GetHostedZoneResponse").child("HostedZone", node(zone)), zone)))
}

pub fn comment(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let comment = text(request, "Comment").map(str::to_owned);
    let zone = find(model, part(request, 2))?;
    zone.comment = comment;
    Ok(RestReply::ok(Node::new("UpdateHostedZoneCommentResponse").child("HostedZone", node(zone))))
}

pub fn delete(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let zone = find(model, part(request, 2))?;
    if zone.records.values().any(|record| !is_apex(zone, record)) {
        let message =
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
        return Err(ApiError::new("HostedZoneNotEmpty", message));
    }
    let id = zone.id.clone();
    model.route53.zones.remove(&id);
    let change = changes::begin(model);
    Ok(RestReply::ok(Node::new("DeleteHostedZoneResponse").child("ChangeInfo", change)))
}

fn size(request: &RestRequest) -> usize {
    request.query.text("maxitems").and_then(|text| text.parse().ok()).unwrap_or(100).clamp(1, 100)
}

pub fn list(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let (marker, size) = (request.query.text("marker").unwrap_or_default(), size(request));
    let mut rest = model.route53.zones.values().filter(|zone| zone.id.as_str() >= marker);
    let page: Vec<Node> = rest.by_ref().take(size).map(node).collect();
    let next = rest.next().map(|zone| &zone.id);
    let root = Node::new("ListHostedZonesResponse")
        .list("HostedZones", "HostedZone", page)
        .field("Marker", marker)
        .field("IsTruncated", next.is_some())
        .maybe("NextMarker", next)
        .field("MaxItems", size);
    Ok(RestReply::ok(root))
}

pub fn list_by_name(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let query = |name: &str| request.query.text(name).filter(|text| !text.is_empty());
    let from = query("dnsname").map(canonical);
    let (from_id, size) = (query("hostedzoneid").unwrap_or_default(), size(request));
    let order = |name: &str, id: &str| (crate::model::route53::key(name, "", ""), id.to_owned());
    let start = order(from.as_deref().unwrap_or_default(), from_id);
    let mut zones: Vec<&Zone> = model.route53.zones.values().collect();
    zones.sort_by_key(|zone| order(&zone.name, &zone.id));
    let mut rest = zones.into_iter().filter(|zone| from.is_none() || order(&zone.name, &zone.id) >= start);
    let page: Vec<Node> = rest.by_ref().take(size).map(node).collect();
    let next = rest.next();
    let root = Node::new("ListHostedZonesByNameResponse")
        .list("HostedZones", "HostedZone", page)
        .maybe("DNSName", from.as_ref())
        .field("IsTruncated", next.is_some())
        .maybe("NextDNSName", next.map(|zone| &zone.name))
        .maybe("NextHostedZoneId", next.map(|zone| &zone.id))
        .field("MaxItems", size);
    Ok(RestReply::ok(root))
}

pub fn count(model: &mut Model, _request: &RestRequest) -> Result<RestReply, ApiError> {
    let count = model.route53.zones.len();
    Ok(RestReply::ok(Node::new("GetHostedZoneCountResponse").field("HostedZoneCount", count)))
}

/// The VPC of a request.
fn vpc(request: &RestRequest) -> Result<(String, String), ApiError> {
    let vpc = request.body.as_ref().and_then(|body| body.get("VPC"));
    let pair =
        vpc.and_then(|vpc| Some((vpc.text_of("VPCRegion")?.to_owned(), vpc.text_of("VPCId")?.to_owned())));
    pair.ok_or_else(|| ApiError::new("InvalidInput", "VPC is required"))
}

pub fn associate(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let vpc = vpc(request)?;
    let zone = find(model, part(request, 2))?;
    if zone.vpcs.is_empty() {
        let message = "You're trying to associate a VPC with a public hosted zone.";
        return Err(ApiError::new("PublicZoneVPCAssociation", message));
    }
    if !zone.vpcs.contains(&vpc) {
        zone.vpcs.push(vpc);
    }
    let change = changes::begin(model);
    Ok(RestReply::ok(Node::new("AssociateVPCWithHostedZoneResponse").child("ChangeInfo", change)))
}

pub fn disassociate(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let vpc = vpc(request)?;
    let zone = find(model, part(request, 2))?;
    if !zone.vpcs.contains(&vpc) {
        let message = "The VPC is not associated with the hosted zone.";
        return Err(ApiError::new("VPCAssociationNotFound", message).with_status(404));
    }
    if zone.vpcs.len() == 1 {
        let message = "The VPC is the last one associated with the private hosted zone.";
        return Err(ApiError::new("LastVPCAssociation", message));
    }
    zone.vpcs.retain(|other| *other != vpc);
    let change = changes::begin(model);
    Ok(RestReply::ok(Node::new("DisassociateVPCFromHostedZoneResponse").child("ChangeInfo", change)))
}
