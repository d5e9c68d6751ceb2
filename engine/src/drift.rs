//! Drift: what is live and was not last applied, whatever the configuration wants now. It needs the state and AWS, and
//! no evaluation. What AWS decides by itself, and what belongs to whoever scales, is none.

use infra_lang::address::Address;
use infra_lang::desired::{Desired, Project};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Residual, Values};
use infra_lang::value::Value;
use serde::Serialize;

use crate::change::AttributeChange;
use crate::diff::{Comparison, conceal, diff};
use crate::id::RemoteId;
use crate::observed::Observed;
use crate::provider::{Kind, Observation, Provider};
use crate::refresh::{RefreshError, refresh};
use crate::seal::SealKey;
use crate::state::{Physical, State};

/// One object that is no longer as it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drifted {
    /// Its address.
    pub address: Address,
    /// Its id.
    pub id: RemoteId,
    /// Whether it is not the address's own but an older one, kept for a way back.
    pub older: bool,
    /// What has become of it.
    #[serde(flatten)]
    pub what: Drift,
}

/// What has become of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Drift {
    /// It is gone from AWS, and not by us.
    Gone,
    /// Attributes differ.
    Changed {
        /// Those.
        attributes: Vec<AttributeDrift>,
    },
}

/// An attribute that somebody else has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeDrift {
    /// Which.
    pub name: AttributeName,
    /// What was last applied; secrets are sealed.
    pub applied: Value,
    /// What AWS says now, null if nothing; secrets are sealed.
    pub live: Value,
}

/// Looks at every object of the state, and tells those that are not as they were applied, in the order of their
/// addresses.
///
/// # Errors
/// One of them cannot be read.
pub async fn look(
    state: &State,
    project: &Project,
    provider: &dyn Provider,
) -> Result<Vec<Drifted>, RefreshError> {
    let observed = refresh(&Desired::nothing(project.clone()), state, provider).await?;
    Ok(drift(state, &observed, provider))
}

/// The same of what AWS has said already. Pure.
pub fn drift(state: &State, observed: &Observed, provider: &dyn Provider) -> Vec<Drifted> {
    let mut found = Vec::new();
    for (address, record) in &state.records {
        let Some(kind) = provider.kind(&record.kind) else { continue };
        for object in record.objects() {
            let older = record.current.as_ref().is_none_or(|current| current.id != object.id);
            let what = match observed.object(address, &object.id) {
                Some(Observation::Absent) => Some(Drift::Gone),
                Some(Observation::Present { values, .. }) => changed(kind, object, values, &state.key),
                None => None,
            };
            let drifted = |what| Drifted { address: address.clone(), id: object.id.clone(), older, what };
            found.extend(what.map(drifted));
        }
    }
    found
}

fn changed(kind: &dyn Kind, object: &Physical, live: &Values, key: &SealKey) -> Option<Drift> {
    let live = alike(live, &object.applied, key);
    let applied = |(name, value): (&AttributeName, &Value)| (name.clone(), Residual::Known(value.clone()));
    let differing = diff(&Comparison {
        kind,
        key,
        applied: &object.applied,
        observed: &live,
        desired: &object.applied.iter().map(applied).collect(),
        upstream: &|_| false,
        in_place_only: object.identity.is_some(),
    });
    let attributes: Vec<AttributeDrift> =
        differing.into_iter().map(|change| attribute(change, &object.applied)).collect();
    (!attributes.is_empty()).then_some(Drift::Changed { attributes })
}

fn attribute(change: AttributeChange, applied: &Values) -> AttributeDrift {
    let applied = applied.get(&change.name).cloned().unwrap_or(Value::Null);
    AttributeDrift { name: change.name, applied, live: change.before.unwrap_or(Value::Null) }
}

/// What AWS tells, sealed wherever what was applied is sealed, so that the two can be compared.
fn alike(live: &Values, applied: &Values, key: &SealKey) -> Values {
    let one = |(name, live): (&AttributeName, &Value)| {
        (
            name.clone(),
            applied.get(name).map_or_else(|| live.clone(), |applied| sealed_like(live, applied, key)),
        )
    };
    live.iter().map(one).collect()
}

fn sealed_like(live: &Value, applied: &Value, key: &SealKey) -> Value {
    // Where a secret stood, whatever is not known to be none may be it.
    let holds_secret = applied.is_sensitive();
    match (live, applied) {
        (Value::Null, _) => Value::Null,
        (live, Value::Sealed(_)) => conceal(live, true, key),
        (Value::Map(live), Value::Map(applied)) => {
            let field = |(name, live): (&String, &Value)| {
                let like = applied.get(name).map(|applied| sealed_like(live, applied, key));
                (name.clone(), like.unwrap_or_else(|| conceal(live, holds_secret, key)))
            };
            Value::Map(live.iter().map(field).collect())
        }
        (Value::List(live), Value::List(applied)) if live.len() == applied.len() => Value::List(
            live.iter().zip(applied).map(|(live, applied)| sealed_like(live, applied, key)).collect(),
        ),
        (Value::Set(live), Value::Set(applied)) => {
            let one = |live: &Value| conceal(live, holds_secret && !applied.contains(live), key);
            Value::Set(live.iter().map(one).collect())
        }
        (live, _) => conceal(live, holds_secret, key),
    }
}
