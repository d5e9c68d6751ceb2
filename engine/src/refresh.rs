//! Looking at AWS: everything at once, so that reads can be batched by kind.

use infra_lang::address::Address;
use infra_lang::desired::{Desired, Import, Lookup};
use infra_lang::residual::{Attributes, Values};
use infra_lang::value::Value;

use crate::id::RemoteId;
use crate::identify::{Identities, identify};
use crate::known::{Known, standing};
use crate::links;
use crate::moved;
use crate::observed::{Answer, Observed};
use crate::provider::{FailureClass, Observation, Provider, ProviderError, ReadBy, ReadRequest};
use crate::state::{Physical, State};

/// Something could not be read, so that nothing can be planned. `source.class` tells wrong credentials and an AWS
/// that cannot be reached from a refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{address}`")]
pub struct RefreshError {
    /// The object or lookup.
    pub address: Address,
    /// Why.
    pub source: ProviderError,
}

/// What has to be read: every object of the state, which has moved already, what is to be imported, and by its digest every content-addressed object that the state
/// does not have.
fn requests(desired: &Desired, state: &State, identities: &Identities) -> Vec<ReadRequest> {
    let recorded = state.records.iter().flat_map(|(address, record)| {
        record.objects().map(move |object| ReadRequest {
            address: address.clone(),
            kind: record.kind.clone(),
            by: ReadBy::Id(object.id.clone()),
            applied: object.applied.clone(),
        })
    });
    let missing =
        identities.iter().filter(|(address, identity)| !has_digest(state, address, &identity.digest));
    let by_digest = missing.map(|(address, identity)| ReadRequest {
        address: address.clone(),
        kind: address.kind.clone(),
        by: ReadBy::Digest(identity.digest.clone()),
        applied: known_part(desired, address),
    });
    let imported = desired.imports.iter().filter(|import| !has_id(state, import)).map(|import| ReadRequest {
        address: import.to.clone(),
        kind: import.to.kind.clone(),
        by: ReadBy::Id(RemoteId(import.id.clone())),
        applied: known_part(desired, &import.to),
    });
    recorded.chain(by_digest).chain(imported).collect()
}

fn known_part(desired: &Desired, address: &Address) -> Values {
    let attributes = desired.objects.get(address).map(|object| &object.attributes);
    attributes.map(crate::known::values_of).unwrap_or_default()
}

fn has_id(state: &State, import: &Import) -> bool {
    let record = state.records.get(&import.to);
    record.is_some_and(|record| record.objects().any(|object| object.id.0 == import.id))
}

fn has_digest(state: &State, address: &Address, digest: &str) -> bool {
    let has = |object: &Physical| object.identity.as_ref().is_some_and(|identity| identity.digest == digest);
    state.records.get(address).is_some_and(|record| record.objects().any(has))
}

/// Reads everything that planning needs, and asks the lookups that waited only for attributes of existing objects.
pub async fn refresh(
    desired: &Desired,
    state: &State,
    provider: &dyn Provider,
) -> Result<Observed, RefreshError> {
    let moved = moved::follow(state, &desired.moves);
    let state = &*moved.state;
    let requests = requests(desired, state, &identify(desired, provider));
    let answers = provider.read(&requests).await;
    let mut observed = Observed::default();
    for (request, answer) in requests.iter().zip(answers) {
        let observation =
            answer.map_err(|source| RefreshError { address: request.address.clone(), source })?;
        observed.add(request, observation);
    }
    ask_lookups(desired, state, provider, &mut observed).await?;
    Ok(observed)
}

async fn ask_lookups(
    desired: &Desired,
    state: &State,
    provider: &dyn Provider,
    observed: &mut Observed,
) -> Result<(), RefreshError> {
    let mut known = existing(desired, state, provider, observed);
    for address in links::order(desired).unwrap_or_default() {
        let Some(lookup) = desired.lookups.get(&address) else { continue };
        let values = match &lookup.answer {
            Some(values) => values.clone(),
            None => match ask(lookup, &known, provider).await {
                Ok(Some(answer)) => {
                    observed.add_answer(address.clone(), answer.clone());
                    answer.values
                }
                Ok(None) => continue,
                Err(error) if may_change(lookup, &error) => {
                    observed.add_failure(address, error.source);
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        known.insert(address, values);
    }
    Ok(())
}

/// Whether what a lookup comes after may make that it finds something.
fn may_change(lookup: &Lookup, error: &RefreshError) -> bool {
    let refused = matches!(error.source.class, FailureClass::Permanent | FailureClass::NotFound);
    refused && !lookup.depends_on.is_empty()
}

/// Asks a lookup if all its arguments are known by now, and all that it comes after is there.
async fn ask(
    lookup: &Lookup,
    known: &Known,
    provider: &dyn Provider,
) -> Result<Option<Answer>, RefreshError> {
    let Ok(arguments) = known.resolve_all(&lookup.arguments) else { return Ok(None) };
    if !lookup.depends_on.iter().all(|other| known.holds(other)) {
        return Ok(None);
    }
    let values = provider.lookup(lookup, &arguments).await;
    let values = values.map_err(|source| RefreshError { address: lookup.address.clone(), source })?;
    Ok(Some(Answer { arguments, values }))
}

/// The attributes of the desired objects that stand, or are to be imported, as AWS tells them.
fn existing(desired: &Desired, state: &State, provider: &dyn Provider, observed: &Observed) -> Known {
    let mut known = Known::default();
    for address in desired.objects.keys() {
        let current = state.records.get(address).and_then(|record| record.current.as_ref());
        let imported =
            || desired.imports.iter().find(|it| it.to == *address).map(|it| RemoteId(it.id.clone()));
        let id = current.map(|current| current.id.clone()).or_else(imported);
        let seen = id.and_then(|id| observed.object(address, &id));
        let schema = provider.kind(&address.kind).map(|kind| kind.schema());
        if let (Some(Observation::Present { id, values }), Some(schema)) = (seen, schema) {
            known.insert(address.clone(), standing(schema, &Attributes::new(), &not_null(values), id));
        }
    }
    known
}

fn not_null(values: &Values) -> Values {
    let told = values.iter().filter(|(_, value)| **value != Value::Null);
    told.map(|(name, value)| (name.clone(), value.clone())).collect()
}
