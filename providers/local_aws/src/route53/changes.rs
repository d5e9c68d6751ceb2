//! Batches of changes: all of it or nothing.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::route53::{Change, RecordSet, Zone};
use crate::wire::{ApiError, Node, RestReply, RestRequest};

use super::{part, records, rules, zones};

/// Records a change that begins now, and words it.
pub fn begin(model: &mut Model) -> Node {
    let id = format!("C{}", model.random.hex(19).to_uppercase());
    let in_sync = model.now + model.random.delay(model.timing.route53.insync);
    let change = Change { submitted: model.now, in_sync };
    let node = info(model, &id, &change);
    model.route53.changes.insert(id, change);
    node
}

fn info(model: &Model, id: &str, change: &Change) -> Node {
    let done = model.now >= change.in_sync && model.now > change.submitted;
    Node::body()
        .field("Id", format!("/change/{id}"))
        .field("Status", if done { "INSYNC" } else { "PENDING" })
        .field("SubmittedAt", change.submitted.stamp())
}

pub fn get(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let id = part(request, 2);
    let missing =
        || ApiError::new("NoSuchChange", format!("Could not find resource with ID: {id}")).with_status(404);
    let change = model.route53.changes.get(id).ok_or_else(missing)?;
    Ok(RestReply::ok(Node::new("GetChangeResponse").child("ChangeInfo", info(model, id, change))))
}

/// Refuses a batch, in the form of message that people know.
pub fn refused(message: impl std::fmt::Display) -> ApiError {
    ApiError::new("InvalidChangeBatch", format!("[{message}]"))
}

pub fn change(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let batch =
        request.body.as_ref().and_then(|body| body.get("ChangeBatch")).and_then(|batch| batch.get("Changes"));
    let changes = batch.map(Node::children).unwrap_or_default();
    if changes.is_empty() {
        return Err(ApiError::new("InvalidInput", "ChangeBatch must hold at least one change"));
    }
    let zone = zones::find(model, part(request, 2))?.clone();
    let mut records = zone.records.clone();
    for change in changes {
        let set = change
            .get("ResourceRecordSet")
            .ok_or_else(|| ApiError::new("InvalidInput", "ResourceRecordSet is required"))?;
        let record = records::read(set)?;
        carry_out(model, &zone, &mut records, change.text_of("Action").unwrap_or_default(), record)?;
    }
    zones::find(model, &zone.id)?.records = records;
    let info = begin(model);
    Ok(RestReply::ok(Node::new("ChangeResourceRecordSetsResponse").child("ChangeInfo", info)))
}

fn carry_out(
    model: &Model,
    zone: &Zone,
    records: &mut BTreeMap<String, RecordSet>,
    action: &str,
    record: RecordSet,
) -> Result<(), ApiError> {
    let (name, kind, key) = (record.name.clone(), record.kind.clone(), record.key());
    match (action, records.get(&key)) {
        ("DELETE", None) => Err(refused(format!(
            "Tried to delete resource record set [name='{name}', type='{kind}'] but it was not found"
        ))),
        ("DELETE", Some(old)) if zones::is_apex(zone, old) => Err(refused(format!(
            "A HostedZone must contain at least one NS record for the zone itself and exactly one SOA record: {name}"
        ))),
        ("DELETE", Some(old)) if !rules::equal(old, &record) => Err(refused(format!(
            "Tried to delete resource record set [name='{name}', type='{kind}'] but the values provided do not match the current values"
        ))),
        ("DELETE", Some(_)) => {
            records.remove(&key);
            Ok(())
        }
        ("CREATE", Some(_)) => Err(refused(format!(
            "Tried to create resource record set [name='{name}', type='{kind}'] but it already exists"
        ))),
        ("CREATE" | "UPSERT", _) => {
            rules::check(model, zone, records, &record)?;
            records.insert(key, record);
            Ok(())
        }
        _ => {
            Err(ApiError::new("InvalidInput", format!("Action '{action}' must be CREATE, DELETE or UPSERT")))
        }
    }
}
