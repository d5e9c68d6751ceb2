//! What the objects that EC2 names itself have in common: found by filters, tagged when made, brought to what is
//! wanted step by step.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, ResourceType, TagSpecification};
use futures_util::future::try_join_all;
use infra_engine::id::Token;
use infra_engine::provider::{FailureClass, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::Effect;
use infra_lang::desired::Lookup;
use infra_lang::residual::Values;
use serde::de::DeserializeOwned;

use crate::client::Aws;
use crate::codec::{decode, with_empties, with_nulls};
use crate::error::{has_code, permanent};
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
    /// The attributes that EC2 never tells.
    const UNTOLD: &'static [&'static str] = &[];
    /// The kind's struct.
    type Settings: DeserializeOwned + Send + Sync;
    /// All that is known about one object.
    type Found: Clone + Send + Sync;

    /// The objects that match all filters, by id.
    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Self::Found>, ProviderError>;

    /// The attributes of an object, `id` included.
    fn values(id: &str, found: &Self::Found) -> Values;

    /// The same, told to somebody who compares them with what was `applied`.
    fn told(id: &str, found: &Self::Found, applied: &Values) -> Values {
        let _ = applied;
        Self::values(id, found)
    }

    /// What tags are put on, where it is not the id.
    fn resource<'a>(id: &'a str, found: &'a Self::Found) -> &'a str {
        let _ = found;
        id
    }

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
    let found =
        try_join_all(chunks).await.map(|found| found.into_iter().flatten().collect::<BTreeMap<_, _>>());
    answers(requests, found, |found, id, request| {
        let values = with_empties(T::told(id, found.get(id)?, &request.applied), &request.applied);
        Some(with_nulls(values, &request.applied, T::UNTOLD))
    })
}

/// See [`AwsKind::advance`](crate::kind::AwsKind::advance).
pub(crate) async fn advance<T: Ec2Object>(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let target = task.target.as_ref().map(|id| id.0.as_str());
    match (&task.effect, target) {
        (Effect::Create, _) => create::<T>(aws, task).await,
        (Effect::Delete, Some(id)) => delete::<T>(aws, task, id).await,
        (Effect::Update(_), Some(id)) => settle::<T>(aws, task, id).await,
        (Effect::Adopt, Some(id)) => adopt::<T>(aws, id).await,
        (effect, _) => {
            Err(permanent("carrying out a step", format!("`{}` has no step {effect:?}", task.kind)))
        }
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
    match T::create(aws, task, &wanted, tags).await {
        Ok(id) => Ok(note_id(&id)),
        // The SDK may have sent a call twice whose first answer was lost.
        Err(error) if is_answer(&error) => match made_by::<T>(aws, task).await? {
            Some(id) => Ok(note_id(&id)),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Whether AWS has answered, so that asking it something else is worth while.
fn is_answer(error: &ProviderError) -> bool {
    !matches!(error.class, FailureClass::Credentials | FailureClass::Unreachable)
}

/// The object that an earlier run of the task made.
async fn made_by<T: Ec2Object>(aws: &Aws, task: &Task) -> Result<Option<String>, ProviderError> {
    Ok(made::<T>(aws, task).await?.pop_first().map(|(id, _)| id))
}

/// All that calls of the task have made, found by the tag with the task's token.
async fn made<T: Ec2Object>(aws: &Aws, task: &Task) -> Result<BTreeMap<String, T::Found>, ProviderError> {
    T::find(aws, vec![filter(&format!("tag:{}", tags::TOKEN), [task.token.to_string()])]).await
}

async fn settle<T: Ec2Object>(aws: &Aws, task: &Task, id: &str) -> Result<Progress, ProviderError> {
    let Some(found) = one::<T>(aws, id).await? else {
        return Ok(unseen(task, id));
    };
    if let Some(acted) = without_twins::<T>(aws, task, id).await? {
        return Ok(acted);
    }
    let have = tags::read(&T::values(id, &found))?;
    if tags::settle(aws, T::resource(id, &found), &have, &tags::read(&task.desired)?).await? {
        return Ok(Progress::Acted(format!("tagged {id}")));
    }
    let next = T::settle(aws, id, &found, &decode(&task.desired)?).await?;
    Ok(next.unwrap_or_else(|| done(id, Some(T::values(id, &found)))))
}

/// Deletes what a call has made that was delivered twice: it carries the task's token too.
async fn without_twins<T: Ec2Object>(
    aws: &Aws,
    task: &Task,
    id: &str,
) -> Result<Option<Progress>, ProviderError> {
    if task.effect != Effect::Create {
        return Ok(None);
    }
    let made = made::<T>(aws, task).await?;
    let Some((twin, found)) = made.iter().find(|(other, _)| *other != id) else { return Ok(None) };
    match T::delete(aws, twin, found).await {
        Err(error) if error.class != FailureClass::NotFound => Err(error),
        _ => Ok(Some(Progress::Acted(format!("deleted {twin}, which was made beside {id}")))),
    }
}

/// What was just made may take seconds to be seen; what was there when the plan was made is gone.
pub(crate) fn unseen(task: &Task, id: &str) -> Progress {
    match task.effect {
        Effect::Create => waiting(2, format!("{id} to appear")),
        _ => Progress::Stuck(format!("{id} no longer exists; the next plan makes it anew")),
    }
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

/// The name of what a task makes: as the user wrote it, or the prefix completed by the task's token.
pub(crate) fn name(whole: Option<&str>, prefix: Option<&str>, token: &Token) -> String {
    match whole {
        Some(name) => name.to_owned(),
        None => format!("{}{}", prefix.unwrap_or("infra-"), token.suffix()),
    }
}
