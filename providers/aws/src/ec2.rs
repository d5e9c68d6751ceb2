//! What the objects that EC2 names itself have in common: found by filters, tagged when made, brought to what is
//! wanted step by step.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, ResourceType, TagSpecification};
use futures_util::future::try_join_all;
use infra_engine::provider::{FailureClass, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::Effect;
use infra_lang::desired::Lookup;
use infra_lang::residual::Values;
use serde::de::DeserializeOwned;

use crate::client::Aws;
use crate::codec::decode;
use crate::error::{failed, has_code, permanent};
use crate::kind::{answers, asked_id, done, gone, note_id, noted_id, waiting};
use crate::lookup::{Query, exactly_one};
use crate::tags;

/// How many values one filter takes.
const FILTER_VALUES: usize = 200;

/// A kind of object that EC2 names itself.
#[async_trait]
pub(crate) trait Ec2Object {
    /// As tags name it.
    const RESOURCE: ResourceType;
    /// The filter that finds objects by their ids; ids in a filter, unlike a list of ids, may be of what is gone.
    const ID: &'static str;
    /// The filter that finds objects by the name people know them by.
    const NAME: &'static str = "tag:Name";
    /// The kind's struct.
    type Settings: DeserializeOwned + Send + Sync;
    /// All that is known about one object.
    type Found: Clone + Send + Sync;

    /// The objects that match all filters, by id.
    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Self::Found>, ProviderError>;

    /// The attributes of an object, `id` included.
    fn values(id: &str, found: &Self::Found) -> Values;

    /// Makes an object and gives its id.
    async fn create(
        aws: &Aws,
        task: &Task,
        wanted: &Self::Settings,
        tags: TagSpecification,
    ) -> Result<String, ProviderError>;

    /// Brings an object nearer to what is wanted. `None` if there is nothing left to do.
    async fn settle(
        aws: &Aws,
        id: &str,
        found: &Self::Found,
        wanted: &Self::Settings,
    ) -> Result<Option<Progress>, ProviderError>;

    /// Deletes an object.
    async fn delete(aws: &Aws, id: &str, found: &Self::Found) -> Result<(), ProviderError>;
}

/// A filter.
pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// See [`AwsKind::read`](crate::kind::AwsKind::read).
pub(crate) async fn read<T: Ec2Object>(
    aws: &Aws,
    requests: &[&ReadRequest],
) -> Vec<Result<Observation, ProviderError>> {
    let ids: Vec<&str> = requests.iter().filter_map(|request| asked_id(request)).collect();
    let chunks = ids.chunks(FILTER_VALUES).map(|ids| T::find(aws, vec![filter(T::ID, ids.iter().copied())]));
    let found = try_join_all(chunks).await.map(|found| found.into_iter().flatten().collect::<BTreeMap<_, _>>());
    answers(requests, found, |found, id, _| found.get(id).map(|found| T::values(id, found)))
}

/// See [`AwsKind::advance`](crate::kind::AwsKind::advance).
pub(crate) async fn advance<T: Ec2Object>(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let target = task.target.as_ref().map(|id| id.0.as_str());
    match (&task.effect, target) {
        (Effect::Create, _) => create::<T>(aws, task).await,
        (Effect::Delete, Some(id)) => delete::<T>(aws, task, id).await,
        (Effect::Update(_), Some(id)) => settle::<T>(aws, task, id).await,
        (Effect::Adopt, Some(id)) => adopt::<T>(aws, id).await,
        (effect, _) => Err(permanent("carrying out a step", format!("`{}` has no step {effect:?}", task.kind))),
    }
}

async fn one<T: Ec2Object>(aws: &Aws, id: &str) -> Result<Option<T::Found>, ProviderError> {
    Ok(T::find(aws, vec![filter(T::ID, [id])]).await?.remove(id))
}

async fn create<T: Ec2Object>(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    if let Some(id) = noted_id(task) {
        return settle::<T>(aws, task, id).await;
    }
    if task.in_doubt
        && let Some(id) = made_by::<T>(aws, task).await?
    {
        return Ok(note_id(&id));
    }
    let wanted = decode(&task.desired)?;
    let users = tags::read(&task.desired)?;
    let tags = tags::specification(T::RESOURCE, &tags::all(aws, task, &users));
    Ok(note_id(&T::create(aws, task, &wanted, tags).await?))
}

/// The object that an earlier run of the task made, found by the tag with the task's token.
async fn made_by<T: Ec2Object>(aws: &Aws, task: &Task) -> Result<Option<String>, ProviderError> {
    let filters = vec![
        filter("key", [tags::TOKEN]),
        filter("value", [task.token.to_string()]),
        filter("resource-type", [T::RESOURCE.as_str()]),
    ];
    let call = aws.ec2.describe_tags().set_filters(Some(filters));
    let answer = call.send().await.map_err(failed("DescribeTags"))?;
    Ok(answer.tags().first().and_then(|tag| tag.resource_id().map(str::to_owned)))
}

async fn settle<T: Ec2Object>(aws: &Aws, task: &Task, id: &str) -> Result<Progress, ProviderError> {
    let Some(found) = one::<T>(aws, id).await? else {
        return Ok(waiting(2, format!("{id} to appear")));
    };
    let have = tags::read(&T::values(id, &found))?;
    if tags::settle(aws, id, &have, &tags::read(&task.desired)?).await? {
        return Ok(Progress::Acted(format!("tagged {id}")));
    }
    let next = T::settle(aws, id, &found, &decode(&task.desired)?).await?;
    Ok(next.unwrap_or_else(|| done(id, Some(T::values(id, &found)))))
}

async fn delete<T: Ec2Object>(aws: &Aws, task: &Task, id: &str) -> Result<Progress, ProviderError> {
    let Some(found) = one::<T>(aws, id).await? else { return Ok(gone()) };
    match T::delete(aws, id, &found).await {
        // Looking again tells when it is gone.
        Ok(()) => Ok(Progress::Acted(format!("deleted {id}"))),
        Err(error) if has_code(&error, "DependencyViolation") => {
            Ok(waiting(5, format!("what still uses {} to go ({})", task.address, error.message)))
        }
        Err(error) if error.class == FailureClass::NotFound => Ok(gone()),
        Err(error) => Err(error),
    }
}

async fn adopt<T: Ec2Object>(aws: &Aws, id: &str) -> Result<Progress, ProviderError> {
    match one::<T>(aws, id).await? {
        Some(found) => Ok(done(id, Some(T::values(id, &found)))),
        None => Ok(Progress::Stuck(format!("{id} does not exist in {}", aws.region))),
    }
}

/// See [`AwsKind::lookup`](crate::kind::AwsKind::lookup): exactly one object that matches the arguments, and
/// `further` filters of the kind's.
pub(crate) async fn lookup<T: Ec2Object>(
    aws: &Aws,
    lookup: &Lookup,
    query: &Query,
    further: Vec<Filter>,
) -> Result<Values, ProviderError> {
    let mut filters = filters(query, T::ID, T::NAME);
    filters.extend(further);
    let found = T::find(aws, filters).await?;
    let (id, found) = exactly_one(lookup, found)?;
    Ok(T::values(&id, &found))
}

/// A query as filters of EC2.
pub(crate) fn filters(query: &Query, id: &str, name: &str) -> Vec<Filter> {
    let ids = query.id.iter().map(|value| filter(id, [value]));
    let names = query.name.iter().map(|value| filter(name, [value]));
    let tags = query.tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), [value]));
    let own = query.filter.iter().map(|own| filter(&own.name, &own.values));
    ids.chain(names).chain(tags).chain(own).collect()
}
