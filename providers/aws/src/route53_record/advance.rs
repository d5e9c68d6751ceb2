//! Changing records: one transactional batch, then the wait until all of Route53's servers know it.

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};
use infra_engine::provider::{Progress, ProviderError, Task};
use infra_engine::steps::Effect;
use infra_lang::residual::Values;

use super::convert::{Leads, to_aws};
use super::name::{RecordId, full};
use super::observe::{is_wanted, values};
use super::shift::{Changes, Told, is_ours};
use super::{Alias, Record, api, moving};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::{has_code, permanent};
use crate::kind::{done, gone, waiting};

/// See [`AwsKind::advance`](crate::kind::AwsKind::advance).
pub(super) async fn advance(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    if let Some(change) = noted_change(task) {
        return match api::is_in_sync(aws, change).await? {
            true => finished(aws, task).await,
            false => Ok(waiting(5, "all of Route53's servers to know the change")),
        };
    }
    match &task.effect {
        Effect::Delete => delete(aws, task).await,
        Effect::Create | Effect::Update(_) => put(aws, task).await,
        Effect::Adopt => finished(aws, task).await,
        Effect::Operate(operation) => moving::advance(aws, task, operation).await,
        other => Err(permanent("carrying out a step", format!("`{}` has no step {other:?}", task.kind))),
    }
}

/// The change that an earlier call of this step has sent.
fn noted_change(task: &Task) -> Option<&str> {
    let step = match &task.effect {
        Effect::Create => "create",
        Effect::Update(_) => "update",
        Effect::Delete => "delete",
        _ => return None,
    };
    task.notes.get(step)?.get("change")?.as_str()
}

async fn delete(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let Some(id) = target(task) else { return Ok(gone()) };
    // AWS wants all values exactly as they are.
    let Some(told) = api::namesakes(aws, &id).await?.remove(&id) else { return Ok(gone()) };
    sent(api::change(aws, &id.zone, vec![(ChangeAction::Delete, told)]).await, task)
}

fn target(task: &Task) -> Option<RecordId> {
    task.target.as_ref().and_then(|id| RecordId::parse(&id.0))
}

async fn put(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let wanted: Record = decode(&task.desired)?;
    let id = wanted_id(aws, &wanted).await?;
    let leads = match leads(aws, wanted.alias.as_ref()).await? {
        Some(leads) => leads,
        None => return Ok(waiting(5, "the load balancer to appear")),
    };
    let record = to_aws(&id, &wanted, leads.as_ref())
        .map_err(|error| permanent("ChangeResourceRecordSets", error.to_string()))?;
    let prior = target(task);
    let mut told = api::namesakes(aws, &id).await?;
    if let Some(prior) = prior.as_ref().filter(|prior| prior.kind != id.kind) {
        told.extend(api::namesakes(aws, prior).await?);
    }
    if let (None, Some(there)) = (&prior, told.get(&id)) {
        refuse_others(aws, task, &id, there).await?;
    }
    let changes = batch(&told, &id, record, prior.as_ref());
    sent(api::change(aws, &id.zone, changes).await, task)
}

/// What the wanted record will be known by.
pub(super) async fn wanted_id(aws: &Aws, wanted: &Record) -> Result<RecordId, ProviderError> {
    let name = full(&wanted.name, &api::zone_name(aws, &wanted.zone_id).await?);
    let (zone, kind) = (wanted.zone_id.clone(), wanted.r#type.clone());
    Ok(RecordId { zone, name, kind, set: wanted.set_identifier.clone() })
}

/// Where an alias leads: `Some(None)` if there is no alias, `None` if its target is not there yet.
pub(super) async fn leads(aws: &Aws, alias: Option<&Alias>) -> Result<Option<Option<Leads>>, ProviderError> {
    let Some(alias) = alias else { return Ok(Some(None)) };
    match (&alias.target, &alias.name, &alias.zone_id) {
        (Some(target), _, _) => Ok(api::leads_to(aws, target).await?.map(Some)),
        (None, Some(name), Some(zone)) => {
            Ok(Some(Some(Leads { dns_name: name.clone(), zone_id: zone.clone() })))
        }
        _ => {
            Err(permanent("ChangeResourceRecordSets", "an alias by `name` needs the `zone_id` of that name"))
        }
    }
}

/// A record that is there before we make it is somebody else's, unless it is what we want anyway.
async fn refuse_others(
    aws: &Aws,
    task: &Task,
    id: &RecordId,
    there: &ResourceRecordSet,
) -> Result<(), ProviderError> {
    if is_wanted(&observed(aws, id, there, &task.desired).await?, &task.desired) {
        return Ok(());
    }
    let message = format!("there is a record {} {} already, with other contents", id.name, id.kind);
    let hint = format!("take it over with `infra import {} {id}`, or delete it first", task.address);
    Err(ProviderError { hint: Some(hint), ..permanent("ChangeResourceRecordSets", message) })
}

/// One batch, all or nothing: what was under another identity goes first, and the other members of a weighted set
/// get the new TTL with it, for AWS wants one for all of them.
fn batch(told: &Told, id: &RecordId, record: ResourceRecordSet, prior: Option<&RecordId>) -> Changes {
    let moved = prior.filter(|prior| *prior != id);
    // What users were led by when an earlier attempt stopped half way becomes one record again.
    let ours = |other: &RecordId| is_ours(other) && other.kind == id.kind && id.set.is_none();
    let gone = told.iter().filter(|(other, _)| Some(*other) == moved || ours(other));
    let old = gone.map(|(_, old)| (ChangeAction::Delete, old.clone()));
    let ttl = record.ttl();
    let sibling = |other: &RecordId| {
        other.kind == id.kind
            && other.set.is_some()
            && id.set.is_some()
            && other != id
            && Some(other) != moved
    };
    let siblings =
        told.iter().filter(|(other, told)| sibling(other) && told.ttl().is_some() && told.ttl() != ttl);
    let siblings: Vec<ResourceRecordSet> = match ttl {
        Some(_) => siblings.map(|(_, told)| with_ttl(told.clone(), ttl)).collect(),
        None => Vec::new(),
    };
    let upserts = siblings.into_iter().chain([record]).map(|record| (ChangeAction::Upsert, record));
    old.chain(upserts).collect()
}

fn with_ttl(mut record: ResourceRecordSet, ttl: Option<i64>) -> ResourceRecordSet {
    record.ttl = ttl;
    record
}

/// What a batch came to. Two refusals pass by themselves; AWS gives them no codes of their own, so here, and only
/// here, the text decides: a balancer that is minutes old is not known to Route53 yet, and records of one name that
/// change from one routing policy to another wait for the last of the old ones to go.
fn sent(answer: Result<String, ProviderError>, task: &Task) -> Result<Progress, ProviderError> {
    match answer {
        Ok(change) => Ok(Progress::Note(serde_json::json!({ "change": change }))),
        Err(error) => refusal(error, task),
    }
}

/// What a refusal means: that something has to pass first, or what it says.
pub(super) fn refusal(error: ProviderError, task: &Task) -> Result<Progress, ProviderError> {
    match error {
        error if has_code(&error, "InvalidChangeBatch") && error.message.contains("was not found") => {
            Ok(waiting(15, "Route53 to know the alias target"))
        }
        error if has_code(&error, "InvalidChangeBatch") && is_mixed(&error.message) => {
            Ok(waiting(5, format!("other records of the name of {} to go", task.address)))
        }
        error => Err(error),
    }
}

fn is_mixed(message: &str) -> bool {
    message.contains("set exists with the same name and type")
        || message.contains("other RRSets exist with the same name")
}

/// Finished, with the record as it is now.
pub(super) async fn finished(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    if task.effect == Effect::Delete {
        return Ok(gone());
    }
    let id = match task.desired.is_empty() {
        true => target(task),
        false => Some(wanted_id(aws, &decode(&task.desired)?).await?),
    };
    let Some(id) = id else { return Ok(Progress::Stuck("it is not known which record it is".to_owned())) };
    match api::namesakes(aws, &id).await?.remove(&id) {
        Some(told) => Ok(done(&id.to_string(), Some(observed(aws, &id, &told, &task.desired).await?))),
        None if task.effect == Effect::Adopt => Ok(Progress::Stuck(format!("there is no record {id}"))),
        None => Ok(waiting(5, format!("{id} to appear"))),
    }
}

async fn observed(
    aws: &Aws,
    id: &RecordId,
    told: &ResourceRecordSet,
    desired: &Values,
) -> Result<Values, ProviderError> {
    // Attributes that do not decode lead nowhere that is known.
    let wanted: Record = decode(desired).unwrap_or_default();
    let target = wanted.alias.as_ref().and_then(|alias| alias.target.as_deref());
    let balancers = api::balancers_behind(aws, told, target).await?;
    Ok(values(&id.zone, told, &balancers, desired))
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{ResourceRecord, RrType};

    use super::*;

    fn id(set: Option<&str>) -> RecordId {
        let (zone, name, kind) = ("Z1".to_owned(), "www.example.com".to_owned(), "A".to_owned());
        RecordId { zone, name, kind, set: set.map(str::to_owned) }
    }

    fn record(set: Option<&str>, value: &str, ttl: i64) -> ResourceRecordSet {
        let value = ResourceRecord::builder().value(value).build().expect("complete");
        let record = ResourceRecordSet::builder().name("www.example.com").r#type(RrType::A).ttl(ttl);
        let record = record.resource_records(value).set_set_identifier(set.map(str::to_owned));
        record.set_weight(set.map(|_| 1)).build().expect("complete")
    }

    fn shown(changes: &Changes) -> String {
        let line = |(action, record): &(ChangeAction, ResourceRecordSet)| {
            let values: Vec<&str> = record.resource_records().iter().map(ResourceRecord::value).collect();
            let set = record.set_identifier().unwrap_or("-");
            format!("{} {set} {} {}", action.as_str(), record.ttl().unwrap_or_default(), values.join(" "))
        };
        changes.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_simple_record_becomes_a_weighted_one_in_one_go() {
        let told = Told::from([(id(None), record(None, "192.0.2.1", 60))]);
        let changes = batch(&told, &id(Some("blue")), record(Some("blue"), "192.0.2.1", 60), Some(&id(None)));
        insta::assert_snapshot!(shown(&changes), @r"
        DELETE - 60 192.0.2.1
        UPSERT blue 60 192.0.2.1
        ");
    }

    #[test]
    fn a_new_ttl_is_every_members() {
        let told = Told::from([
            (id(Some("blue")), record(Some("blue"), "192.0.2.1", 60)),
            (id(Some("green")), record(Some("green"), "192.0.2.2", 60)),
        ]);
        let blue = id(Some("blue"));
        let changes = batch(&told, &blue, record(Some("blue"), "192.0.2.1", 300), Some(&blue));
        insta::assert_snapshot!(shown(&changes), @r"
        UPSERT green 300 192.0.2.2
        UPSERT blue 300 192.0.2.1
        ");
    }
}
