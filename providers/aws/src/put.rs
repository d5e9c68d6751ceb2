//! What the objects have in common that one call makes and changes alike (`PutScalingPolicy`, `PutMetricAlarm`, …):
//! the call is repeated without harm, so an answer that was lost costs nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use infra_engine::change::{Action, Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::value::Value;

use crate::client::Aws;
use crate::codec::with_nulls;
use crate::ec2::unseen;
use crate::error::permanent;
use crate::kind::{answers, asked_id, done, gone, note_id, noted_id, simple};

/// Which objects are read: what was last applied to each, by id.
pub(crate) type Asked<'a> = BTreeMap<&'a str, &'a Values>;

/// A kind whose objects one call makes and changes.
#[async_trait]
pub(crate) trait Put {
    /// All that is known about one object.
    type Found: Send + Sync;

    /// The objects of these ids; those that are not there are not in the answer.
    async fn find(aws: &Aws, asked: &Asked<'_>) -> Result<BTreeMap<String, Self::Found>, ProviderError>;

    /// The attributes of an object, `id` included.
    fn values(found: &Self::Found) -> Values;

    /// Makes the object, or brings it to what is wanted, and gives its id.
    async fn put(aws: &Aws, task: &Task) -> Result<String, ProviderError>;

    /// Deletes an object that is there.
    async fn delete(aws: &Aws, id: &str) -> Result<(), ProviderError>;
}

/// The steps of a change. `identity` are the attributes that make the id: while they stay, the new object would be the
/// old one overwritten, so the old one goes first.
pub(crate) fn steps(change: &Change, identity: &[&str], limit: Duration) -> Vec<LoweredStep> {
    let moves = change.attributes.iter().any(|changed| identity.contains(&changed.name.as_str()));
    match change.action {
        Action::Replace(ReplaceOrder::NewFirst) if !moves => {
            simple(&Change { action: Action::Replace(ReplaceOrder::OldFirst), ..change.clone() }, limit)
        }
        _ => simple(change, limit),
    }
}

/// What happens where AWS keeps what a call leaves out: an attribute of `kept` that is taken out of the file goes only
/// with the object.
pub(crate) fn action(
    kind: &dyn Kind,
    changed: &[AttributeName],
    desired: &Attributes,
    kept: &[&str],
) -> Action {
    let immutable = |name: &AttributeName| kind.schema().is_immutable(name.as_str());
    let unset = |name: &AttributeName| {
        kept.contains(&name.as_str())
            && desired.get(name).is_none_or(|residual| residual.known() == Some(&Value::Null))
    };
    match changed {
        _ if changed.iter().any(immutable) => Action::Replace(kind.replace_order(desired)),
        _ if changed.iter().any(unset) => Action::Replace(ReplaceOrder::OldFirst),
        _ => Action::Update,
    }
}

/// See [`AwsKind::read`](crate::kind::AwsKind::read).
pub(crate) async fn read<T: Put>(
    aws: &Aws,
    requests: &[&ReadRequest],
) -> Vec<Result<Observation, ProviderError>> {
    let asked = requests.iter().filter_map(|request| Some((asked_id(request)?, &request.applied))).collect();
    answers(requests, T::find(aws, &asked).await, |found, id, request| {
        Some(with_nulls(T::values(found.get(id)?), &request.applied, &[]))
    })
}

/// See [`AwsKind::advance`](crate::kind::AwsKind::advance).
pub(crate) async fn advance<T: Put>(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let target = task.target.as_ref().map(|id| id.0.as_str());
    match (&task.effect, target, sent(task)) {
        (Effect::Create | Effect::Update(_), _, None) => Ok(note_id(&T::put(aws, task).await?)),
        (Effect::Create | Effect::Update(_), _, Some(id)) => shown::<T>(aws, task, id).await,
        (Effect::Delete, Some(id), _) if noted_id(task) == Some(id) => Ok(gone()),
        (Effect::Delete, Some(id), _) => delete::<T>(aws, task, id).await,
        (Effect::Adopt, Some(id), _) => match one::<T>(aws, task, id).await? {
            Some(found) => Ok(done(id, Some(T::values(&found)))),
            None => Ok(Progress::Stuck(format!("{id} does not exist in {}", aws.region))),
        },
        (effect, ..) => {
            Err(permanent("carrying out a step", format!("`{}` has no step {effect:?}", task.kind)))
        }
    }
}

/// The id that this step's call has been answered with.
fn sent(task: &Task) -> Option<&str> {
    let step = if matches!(task.effect, Effect::Update(_)) { "update" } else { "create" };
    task.notes.get(step)?.get("id")?.as_str()
}

async fn one<T: Put>(aws: &Aws, task: &Task, id: &str) -> Result<Option<T::Found>, ProviderError> {
    Ok(T::find(aws, &Asked::from([(id, &task.desired)])).await?.remove(id))
}

async fn shown<T: Put>(aws: &Aws, task: &Task, id: &str) -> Result<Progress, ProviderError> {
    match one::<T>(aws, task, id).await? {
        Some(found) => Ok(done(id, Some(T::values(&found)))),
        None => Ok(unseen(task, id)),
    }
}

async fn delete<T: Put>(aws: &Aws, task: &Task, id: &str) -> Result<Progress, ProviderError> {
    match one::<T>(aws, task, id).await? {
        None => Ok(gone()),
        // Looking again tells when it is gone.
        Some(_) => T::delete(aws, id).await.map(|()| Progress::Acted(format!("deleted {id}"))),
    }
}

#[cfg(test)]
mod tests {
    use infra_engine::change::{AttributeChange, Cause};

    use super::*;
    use crate::kind::tests::change;

    fn lowered(moved: &str) -> Vec<String> {
        let attribute = AttributeChange {
            name: AttributeName::new(moved),
            before: None,
            after: None,
            cause: Cause::Upstream,
            forces_new: true,
            location: None,
        };
        let action = Action::Replace(ReplaceOrder::NewFirst);
        let change = Change { attributes: vec![attribute], ..change("lifecycle_hook", action, Some("g/h")) };
        let steps = steps(&change, &["name", "autoscaling_group_name"], Duration::from_secs(1));
        steps.into_iter().map(|step| step.title).collect()
    }

    #[test]
    fn an_object_that_keeps_its_id_goes_before_it_comes_again() {
        assert_eq!(lowered("autoscaling_group_name"), ["create", "delete g/h"]);
        assert_eq!(lowered("lifecycle_transition"), ["delete g/h", "create"]);
    }
}
