//! The half of a kind that talks to AWS, and what kinds have in common.

use std::time::Duration;

use async_trait::async_trait;
use infra_engine::change::{Action, Change, ReplaceOrder, Rollout};
use infra_engine::id::RemoteId;
use infra_engine::provider::{
    Kind, Observation, Outcome, Progress, ProviderError, ReadBy, ReadRequest, Task, Verdict,
};
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Operation, Part};
use infra_lang::desired::Lookup;
use infra_lang::residual::{Attributes, Residual, Values};

use crate::client::Aws;
use crate::error::permanent;

/// A kind: its pure half is [`Kind`], this is the other half.
#[async_trait]
pub(crate) trait AwsKind: Kind {
    /// Reads many objects of this kind with few calls; answers in the order of the requests.
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>>;

    /// See [`Provider::advance`](infra_engine::provider::Provider::advance): observes, lets a pure function decide,
    /// and does at most one call, or one group of calls that can be repeated without harm.
    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError>;

    /// See [`Provider::judge`](infra_engine::provider::Provider::judge). A kind without guards has nothing to judge.
    async fn judge(
        &self,
        aws: &Aws,
        guard: &Operation,
        arguments: &Values,
        task: &Task,
    ) -> Result<Verdict, ProviderError> {
        let _ = (aws, arguments, task);
        Err(permanent("judging a guard", format!("`{}` has no guard `{}`", self.schema().name, guard.name)))
    }

    /// See [`Provider::lookup`](infra_engine::provider::Provider::lookup). Only kinds whose schema says what they can
    /// be looked up by are asked.
    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let _ = (aws, arguments);
        Err(permanent("looking up", format!("`{}`: a `{}` cannot be looked up", lookup.address, lookup.kind)))
    }

    /// See [`Provider::named`](infra_engine::provider::Provider::named): for kinds whose objects carry no tags, or
    /// tell them at a call each.
    async fn named(&self, aws: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        let _ = aws;
        Ok(vec![Vec::new(); wanted.len()])
    }
}

/// The steps of a change of a kind without a rollout. `limit` is how long each may take, unless the user says.
pub(crate) fn simple(change: &Change, limit: Duration) -> Vec<LoweredStep> {
    let mut steps = match change.action {
        Action::Create => vec![create(change, limit)],
        Action::Update => vec![update(change, limit)],
        Action::Replace(ReplaceOrder::OldFirst) => {
            let delete = prior(change).map(|id| retire(change, limit, id));
            let after = Vec::from_iter(delete.is_some().then_some(0));
            delete.into_iter().chain([LoweredStep { after, ..create(change, limit) }]).collect()
        }
        Action::Replace(ReplaceOrder::NewFirst) | Action::Swap => {
            let delete = prior(change).map(|id| LoweredStep { after: vec![0], ..retire(change, limit, id) });
            [create(change, limit)].into_iter().chain(delete).collect()
        }
        Action::Delete => prior(change).map(|id| retire(change, limit, id)).into_iter().collect(),
        Action::Adopt => vec![existing(change, limit, Effect::Adopt, "adopt")],
        Action::Forget => vec![existing(change, limit, Effect::Forget, "forget")],
        Action::Prune => Vec::new(),
    };
    steps.extend(change.retires.iter().map(|id| retire(change, limit, id)));
    steps
}

fn prior(change: &Change) -> Option<&RemoteId> {
    change.prior.as_ref().map(|prior| &prior.id)
}

fn step(change: &Change, limit: Duration, effect: Effect, operation: &str) -> LoweredStep {
    LoweredStep {
        effect,
        target: LoweredTarget::None,
        part: Part::Establish,
        title: operation.to_owned(),
        guard: None,
        undo: None,
        timeout: change.timeouts.get(operation).copied().unwrap_or(limit),
        after: Vec::new(),
    }
}

fn create(change: &Change, limit: Duration) -> LoweredStep {
    step(change, limit, Effect::Create, "create")
}

fn update(change: &Change, limit: Duration) -> LoweredStep {
    let names = change.attributes.iter().map(|attribute| attribute.name.clone()).collect();
    existing(change, limit, Effect::Update(names), "update")
}

fn existing(change: &Change, limit: Duration, effect: Effect, operation: &str) -> LoweredStep {
    let target = prior(change).map_or(LoweredTarget::None, |id| LoweredTarget::Existing(id.clone()));
    LoweredStep { target, ..step(change, limit, effect, operation) }
}

/// The step that deletes one object of the change's address.
pub(crate) fn retire(change: &Change, limit: Duration, id: &RemoteId) -> LoweredStep {
    LoweredStep {
        target: LoweredTarget::Existing(id.clone()),
        part: Part::Retire,
        title: format!("delete {id}"),
        ..step(change, limit, Effect::Delete, "delete")
    }
}

/// An operation without arguments.
pub(crate) fn operation(name: &str) -> Operation {
    Operation { name: name.to_owned(), arguments: Attributes::new() }
}

/// Whether a change is part of moving users, and stays as it is if that fails.
pub(crate) fn pauses(change: &Change) -> bool {
    let said = |rollout: &Rollout| rollout.settings.get("on_failure").and_then(Residual::known).cloned();
    change.rollout.as_ref().and_then(said).is_some_and(|said| said.as_str() == Some("pause"))
}

/// The id that an earlier call of the create step has written down.
pub(crate) fn noted_id(task: &Task) -> Option<&str> {
    task.notes.get("create")?.get("id")?.as_str()
}

/// Writes down the id that AWS has just given.
pub(crate) fn note_id(id: &str) -> Progress {
    Progress::Note(serde_json::json!({ "id": id }))
}

/// Look again in so many seconds; `on` says for what, in the user's words.
pub(crate) fn waiting(seconds: u64, on: impl Into<String>) -> Progress {
    Progress::Waiting { on: on.into(), again: Duration::from_secs(seconds) }
}

/// Finished, with the object's id and its attributes as they are now.
pub(crate) fn done(id: &str, observed: Option<Values>) -> Progress {
    Progress::Done(Outcome { id: Some(RemoteId::from(id)), observed })
}

/// Finished, and the object is gone.
pub(crate) fn gone() -> Progress {
    Progress::Done(Outcome::default())
}

/// The id a read is for; none where an object is found by its contents.
pub(crate) fn asked_id(request: &ReadRequest) -> Option<&str> {
    match &request.by {
        ReadBy::Id(id) => Some(&id.0),
        ReadBy::Digest(_) => None,
    }
}

/// One answer per request from the objects that were found: `find` gives the attributes of the object of that id.
pub(crate) fn answers<T>(
    requests: &[&ReadRequest],
    read: Result<T, ProviderError>,
    find: impl Fn(&T, &str, &ReadRequest) -> Option<Values>,
) -> Vec<Result<Observation, ProviderError>> {
    let answer = |request: &&ReadRequest| {
        let found = read.as_ref().map_err(Clone::clone)?;
        let present = asked_id(request).and_then(|id| Some((id, find(found, id, request)?)));
        Ok(match present {
            Some((id, values)) => Observation::Present { id: RemoteId::from(id), values },
            None => Observation::Absent,
        })
    };
    requests.iter().map(answer).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use infra_engine::change::Prior;
    use infra_lang::address::Address;
    use infra_lang::name::KindName;

    use super::*;

    /// A change of `kind.main`, whose object is `id` if it exists.
    pub(crate) fn change(kind: &str, action: Action, id: Option<&str>) -> Change {
        let prior = id.map(|id| Prior {
            id: RemoteId::from(id),
            applied: Values::new(),
            observed: Values::new(),
            identity: None,
        });
        Change {
            address: Address::managed(kind, "main"),
            kind: KindName::new(kind),
            action,
            reasons: Vec::new(),
            attributes: Vec::new(),
            prior,
            desired: BTreeMap::new(),
            contents: BTreeMap::new(),
            identity: None,
            retires: Vec::new(),
            consequence: None,
            location: None,
            timeouts: BTreeMap::new(),
            preconditions: Vec::new(),
            postconditions: Vec::new(),
            rollout: None,
        }
    }

    fn lowered(action: Action, id: Option<&str>) -> String {
        let steps = simple(&change("vpc", action, id), Duration::from_secs(60));
        let lines = steps.iter().map(|step| format!("{:?} {} after {:?}", step.part, step.title, step.after));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_replacement_keeps_its_order() {
        insta::assert_snapshot!(lowered(Action::Replace(ReplaceOrder::NewFirst), Some("vpc-1")), @r"
        Establish create after []
        Retire delete vpc-1 after [0]
        ");
        insta::assert_snapshot!(lowered(Action::Replace(ReplaceOrder::OldFirst), Some("vpc-1")), @r"
        Retire delete vpc-1 after []
        Establish create after [0]
        ");
        insta::assert_snapshot!(lowered(Action::Delete, Some("vpc-1")), @"Retire delete vpc-1 after []");
    }

    #[test]
    fn what_was_left_behind_goes_too() {
        let mut pruned = change("vpc", Action::Prune, Some("vpc-3"));
        pruned.retires = vec![RemoteId::from("vpc-1"), RemoteId::from("vpc-2")];
        let titles: Vec<String> =
            simple(&pruned, Duration::from_secs(60)).into_iter().map(|step| step.title).collect();
        assert_eq!(titles, ["delete vpc-1", "delete vpc-2"]);
    }
}
