//! `route53_zone`: a domain that Route53 answers for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use aws_sdk_route53::types::{HostedZone, HostedZoneConfig, Tag, TagResourceType, Vpc, VpcRegion};
use futures_util::future::join_all;
use infra_derive::{Block, Schema};
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{FailureClass, Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode, same_as, with_empties, with_nulls};
use crate::ec2::unseen;
use crate::error::{failed, permanent};
use crate::kind::{AwsKind, asked_id, done, gone, note_id, noted_id, simple};
use crate::lookup::exactly_one;
use crate::route53_record::name::canonical;
use crate::schema::Schema as _;
use crate::tags::{self, Tags};

/// A domain that Route53 answers for: to the world, or with `vpc` inside VPCs only.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "route53_zone",
    tagged,
    id = "Z[0-9A-Z]{1,31}",
    naming(written("name")),
    lookup = ZoneQuery
)]
pub(crate) struct Zone {
    /// The domain, such as `"example.com"`.
    #[attribute(required, immutable)]
    name: String,
    /// What it is for.
    comment: Option<String>,
    /// A VPC that sees it; with any, the zone is private.
    #[attribute(block(key = "vpc_id"))]
    vpc: Vec<ZoneVpc>,
    /// The name servers to enter at the domain's registrar.
    #[attribute(observed)]
    name_servers: Vec<String>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

/// A VPC that sees a private zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, Block)]
pub(crate) struct ZoneVpc {
    /// The VPC, in the project's region.
    #[attribute(required, ty = "id(vpc)")]
    vpc_id: String,
}

/// What a `data "route53_zone"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
struct ZoneQuery {
    /// Its id.
    #[attribute(ty = "id(route53_zone)")]
    id: Option<String>,
    /// The domain.
    name: Option<String>,
    /// Tags that it carries, among others.
    tags: BTreeMap<String, String>,
    /// Whether it is seen inside VPCs only; by default either will do.
    private_zone: Option<bool>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(Zone::schema);

/// A zone with all its tags, ours too.
struct Found {
    zone: Zone,
    tags: Tags,
}

/// The kind.
pub(crate) struct Zones;

impl Kind for Zones {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, prior: &Prior) -> Action {
        let private = |has: bool| if has { "private" } else { "public" };
        let was =
            prior.observed.get("vpc").or_else(|| prior.applied.get("vpc")).is_some_and(|vpc| !is_empty(vpc));
        let will = desired.get("vpc").is_some_and(|vpc| vpc.known().is_none_or(|vpc| !is_empty(vpc)));
        let renamed = changed.iter().any(|name| *name == *"name");
        match renamed || private(was) != private(will) {
            true => Action::Replace(self.replace_order(desired)),
            false => Action::Update,
        }
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match (attribute.as_str(), one.as_str(), other.as_str()) {
            ("name", Some(one), Some(other)) => canonical(one) == canonical(other),
            ("vpc", _, _) => same_as::<BTreeSet<ZoneVpc>>(one, other),
            _ => one == other,
        }
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(600))
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null) || matches!(value, Value::List(items) if items.is_empty())
}

#[async_trait]
impl AwsKind for Zones {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        join_all(requests.iter().map(|request| observe(aws, request))).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        let target = task.target.as_ref().map(|id| id.0.as_str());
        match (&task.effect, target) {
            (Effect::Create, _) => create(aws, task).await,
            (Effect::Update(_), Some(id)) => settle(aws, task, id).await,
            (Effect::Delete, Some(id)) => delete(aws, id).await,
            (Effect::Adopt, Some(id)) => match get(aws, id).await? {
                Some(found) => Ok(done(id, Some(encode(&SCHEMA, &found.zone)))),
                None => Ok(Progress::Stuck(format!("there is no hosted zone {id}"))),
            },
            (effect, _) => {
                Err(permanent("carrying out a step", format!("`{}` has no step {effect:?}", task.kind)))
            }
        }
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let query: ZoneQuery = decode(arguments)?;
        let mut found = BTreeMap::new();
        for zone in list(aws).await?.iter().filter(|zone| matches(&query, zone)) {
            let id = bare(zone.id());
            if let Some(told) = get(aws, id).await?.filter(|found| carries(found, &query.tags)) {
                found.insert(id.to_owned(), told.zone);
            }
        }
        exactly_one(lookup, found).map(|(_, zone)| encode(&SCHEMA, &zone))
    }
}

/// A hosted zone's id without the path that Route53 puts before it.
pub(crate) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn matches(query: &ZoneQuery, zone: &HostedZone) -> bool {
    let private = zone.config().is_some_and(HostedZoneConfig::private_zone);
    query.id.as_ref().is_none_or(|id| bare(id) == bare(zone.id()))
        && query.name.as_ref().is_none_or(|name| canonical(name) == canonical(zone.name()))
        && query.private_zone.is_none_or(|wanted| wanted == private)
}

fn carries(found: &Found, tags: &Tags) -> bool {
    tags.iter().all(|(key, value)| found.tags.get(key) == Some(value))
}

/// All hosted zones of the account.
///
/// # Errors
/// What `ListHostedZones` answers.
pub(crate) async fn list(aws: &Aws) -> Result<Vec<HostedZone>, ProviderError> {
    let pages = aws.route53.list_hosted_zones().into_paginator().items().send();
    pages.try_collect().await.map_err(failed("ListHostedZones"))
}

async fn observe(aws: &Aws, request: &ReadRequest) -> Result<Observation, ProviderError> {
    let Some(id) = asked_id(request) else { return Ok(Observation::Absent) };
    let Some(found) = get(aws, id).await? else { return Ok(Observation::Absent) };
    let values = with_empties(encode(&SCHEMA, &found.zone), &request.applied);
    Ok(Observation::Present { id: RemoteId::from(id), values: with_nulls(values, &request.applied, &[]) })
}

/// A zone; `GetHostedZone` alone tells its VPCs and name servers.
async fn get(aws: &Aws, id: &str) -> Result<Option<Found>, ProviderError> {
    let answer = match aws.route53.get_hosted_zone().id(id).send().await.map_err(failed("GetHostedZone")) {
        Ok(answer) => answer,
        Err(error) if error.class == FailureClass::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let call =
        aws.route53.list_tags_for_resource().resource_type(TagResourceType::Hostedzone).resource_id(id);
    let tags = call.send().await.map_err(failed("ListTagsForResource"))?;
    let tags = tags.resource_tag_set().map(|set| set.tags().to_vec()).unwrap_or_default();
    Ok(found(&answer, &tags))
}

fn found(answer: &GetHostedZoneOutput, told: &[Tag]) -> Option<Found> {
    let described = answer.hosted_zone()?;
    let comment =
        described.config().and_then(HostedZoneConfig::comment).filter(|comment| !comment.is_empty());
    let pairs = told
        .iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())));
    let tags: Tags = pairs.collect();
    let vpcs: BTreeSet<ZoneVpc> =
        answer.vpcs().iter().filter_map(|vpc| Some(ZoneVpc { vpc_id: vpc.vpc_id()?.to_owned() })).collect();
    let zone = Zone {
        name: canonical(described.name()),
        comment: comment.map(str::to_owned),
        vpc: vpcs.into_iter().collect(),
        name_servers: answer.delegation_set().map(|set| set.name_servers().to_vec()).unwrap_or_default(),
        tags: tags.clone().into_iter().filter(|(key, _)| tags::is_users(key)).collect(),
        id: Some(bare(described.id()).to_owned()),
    };
    Some(Found { zone, tags })
}

async fn create(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    if let Some(id) = noted_id(task) {
        return settle(aws, task, id).await;
    }
    // The caller reference makes the zone known for good as ours.
    let reference = task.token.to_string();
    if task.in_doubt
        && let Some(zone) = list(aws).await?.iter().find(|zone| zone.caller_reference() == reference)
    {
        return Ok(note_id(bare(zone.id())));
    }
    let wanted: Zone = decode(&task.desired)?;
    let config = HostedZoneConfig::builder().set_comment(wanted.comment.clone());
    let config = config.private_zone(!wanted.vpc.is_empty()).build();
    let call = aws.route53.create_hosted_zone().name(&wanted.name).caller_reference(reference);
    let call = call.hosted_zone_config(config).set_vpc(wanted.vpc.first().map(|vpc| remote(aws, vpc)));
    let made = call.send().await.map_err(failed("CreateHostedZone"))?;
    Ok(note_id(made.hosted_zone().map_or("", |zone| bare(zone.id()))))
}

fn remote(aws: &Aws, vpc: &ZoneVpc) -> Vpc {
    Vpc::builder().vpc_id(&vpc.vpc_id).vpc_region(VpcRegion::from(aws.region.as_str())).build()
}

async fn settle(aws: &Aws, task: &Task, id: &str) -> Result<Progress, ProviderError> {
    let Some(found) = get(aws, id).await? else { return Ok(unseen(task, id)) };
    let wanted: Zone = decode(&task.desired)?;
    if tag(aws, task, id, &found.tags, &wanted.tags).await? {
        return Ok(Progress::Acted(format!("tagged {id}")));
    }
    let found = found.zone;
    if found.comment != wanted.comment {
        let call = aws.route53.update_hosted_zone_comment().id(id);
        let call = call.comment(wanted.comment.clone().unwrap_or_default());
        call.send().await.map_err(failed("UpdateHostedZoneComment"))?;
        return Ok(Progress::Acted(format!("changed the comment of {id}")));
    }
    match vpcs(aws, id, &found, &wanted).await? {
        Some(acted) => Ok(acted),
        None => Ok(done(id, Some(encode(&SCHEMA, &found)))),
    }
}

/// Brings the tags to what is wanted; whether there was anything to do. A new zone gets ours too.
async fn tag(aws: &Aws, task: &Task, id: &str, have: &Tags, users: &Tags) -> Result<bool, ProviderError> {
    let want = if task.effect == Effect::Create { tags::all(aws, task, users) } else { users.clone() };
    let (set, mut remove) = tags::difference(have, &want);
    remove.retain(|key| tags::is_users(key));
    if set.is_empty() && remove.is_empty() {
        return Ok(false);
    }
    let add: Vec<Tag> = set.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let call =
        aws.route53.change_tags_for_resource().resource_type(TagResourceType::Hostedzone).resource_id(id);
    let call = call.set_add_tags(Some(add).filter(|tags| !tags.is_empty()));
    let call = call.set_remove_tag_keys(Some(remove).filter(|keys| !keys.is_empty()));
    call.send().await.map_err(failed("ChangeTagsForResource"))?;
    Ok(true)
}

async fn vpcs(aws: &Aws, id: &str, found: &Zone, wanted: &Zone) -> Result<Option<Progress>, ProviderError> {
    if let Some(vpc) = wanted.vpc.iter().find(|vpc| !found.vpc.contains(vpc)) {
        let call = aws.route53.associate_vpc_with_hosted_zone().hosted_zone_id(id).vpc(remote(aws, vpc));
        call.send().await.map_err(failed("AssociateVPCWithHostedZone"))?;
        return Ok(Some(Progress::Acted(format!("shown {id} to {}", vpc.vpc_id))));
    }
    if let Some(vpc) = found.vpc.iter().find(|vpc| !wanted.vpc.contains(vpc)) {
        let call = aws.route53.disassociate_vpc_from_hosted_zone().hosted_zone_id(id).vpc(remote(aws, vpc));
        call.send().await.map_err(failed("DisassociateVPCFromHostedZone"))?;
        return Ok(Some(Progress::Acted(format!("hidden {id} from {}", vpc.vpc_id))));
    }
    Ok(None)
}

async fn delete(aws: &Aws, id: &str) -> Result<Progress, ProviderError> {
    match aws.route53.delete_hosted_zone().id(id).send().await.map_err(failed("DeleteHostedZone")) {
        Ok(_) => Ok(gone()),
        Err(error) if error.class == FailureClass::NotFound => Ok(gone()),
        Err(error) if error.code.as_deref() == Some("HostedZoneNotEmpty") => {
            let hint = "records that nobody here manages are still in the zone: delete them first".to_owned();
            Err(ProviderError { hint: Some(hint), ..error })
        }
        Err(error) => Err(error),
    }
}
