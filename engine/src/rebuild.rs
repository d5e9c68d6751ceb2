//! A lost state, made anew: what carries the project's tags, and what is called as the configuration says, is found in
//! AWS and taken for what the configuration has made. Only reads.
//!
//! What AWS tells of an object counts as applied. What it does not tell (secrets, settings of ours) is taken from the
//! configuration: nobody else knows it any more.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::desired::{Desired, DesiredObject};
use infra_lang::name::{AttributeName, Identifier, KindName};
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::Presence;
use infra_lang::value::Value;

use crate::diff::{Comparison, conceal, concealed, diff};
use crate::ephemeral::{kept, unread};
use crate::id::RemoteId;
use crate::identify::{Identities, identify};
use crate::known::{Known, standing, values_of};
use crate::links::{self, Links};
use crate::moved;
use crate::observed::Observed;
use crate::provider::{Kind, Observation, Provider, ProviderError, Tagged};
use crate::refresh::{RefreshError, refresh};
use crate::seal::{SealKey, seal, seal_values};
use crate::state::{Physical, Record, State};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The state.
    pub state: State,
    /// What the configuration wants and is not there, or was not found.
    pub missing: Vec<Address>,
    /// What carries the project's tags and is no longer in the configuration. It is in the state too, so that a plan
    /// removes it.
    pub unwanted: BTreeSet<Address>,
    /// What carries the project's tags under an address that nobody can make sense of: left out.
    pub strange: Vec<Tagged>,
}

/// Why nothing could be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// AWS cannot be asked for what is there.
    #[error(transparent)]
    Find(#[from] ProviderError),
    /// An object or a lookup cannot be read.
    #[error(transparent)]
    Read(#[from] RefreshError),
}

/// The ids that objects of an address may have; the first that is there is the address's own.
type Ids = BTreeMap<Address, Vec<RemoteId>>;

/// Finds everything, and makes the state of it. `fresh` is a state with nothing in it.
///
/// # Errors
/// AWS cannot be read.
pub async fn rebuild(
    desired: &Desired,
    fresh: State,
    provider: &dyn Provider,
) -> Result<Rebuilt, RebuildError> {
    let (tagged, strange) = by_tag(desired, provider).await?;
    let mut ids = tagged.clone();
    loop {
        let state = provisional(desired, &fresh, &ids);
        let observed = refresh(desired, &state, provider).await?;
        let found = Found { desired, fresh: &fresh, provider, observed: &observed, ids: &ids };
        let (records, known) = found.records();
        // What others refer to by its attributes tells what those are called.
        let named = by_name(desired, &tagged, &known, provider).await?;
        if named == ids {
            let outputs = found.outputs(&known);
            let missing = desired.objects.keys().filter(|address| !records.contains_key(*address)).cloned();
            let unwanted = records.keys().filter(|address| !desired.objects.contains_key(*address)).cloned();
            let (missing, unwanted) = (missing.collect(), unwanted.collect());
            return Ok(Rebuilt { state: State { records, outputs, ..fresh }, missing, unwanted, strange });
        }
        ids = named;
    }
}

/// What carries the project's tags, by its address now, and what has a tag that is no address of its kind.
async fn by_tag(desired: &Desired, provider: &dyn Provider) -> Result<(Ids, Vec<Tagged>), ProviderError> {
    let wanted: BTreeMap<String, &Address> =
        desired.objects.keys().map(|address| (provider.tag_of(address), address)).collect();
    let (mut ids, mut strange) = (Ids::new(), Vec::new());
    for tagged in provider.tagged().await? {
        let written = || provider.address_of(&tagged.address);
        let address = wanted.get(&tagged.address).map(|address| (*address).clone()).or_else(written);
        match address.map(|address| moved::end_of(&address, &desired.moves)) {
            Some(address) if address.kind == tagged.kind => ids.entry(address).or_default().push(tagged.id),
            // What an object of ours has made and tagged as its own: a group's instances, a builder.
            Some(_) => {}
            None => strange.push(tagged),
        }
    }
    Ok((ids, strange))
}

/// The same with what has no tags and is called as its attributes say, as far as those are known.
async fn by_name(
    desired: &Desired,
    tagged: &Ids,
    known: &Known,
    provider: &dyn Provider,
) -> Result<Ids, ProviderError> {
    let mut untagged: BTreeMap<&KindName, Vec<&DesiredObject>> = BTreeMap::new();
    for object in desired.objects.values().filter(|object| !tagged.contains_key(&object.address)) {
        untagged.entry(&object.address.kind).or_default().push(object);
    }
    let mut ids = tagged.clone();
    for (kind, objects) in untagged {
        let wanted: Vec<Values> =
            objects.iter().map(|object| known.resolve_some(&object.attributes)).collect();
        let named = provider.named(kind, &wanted).await?;
        let named = objects.iter().zip(named).filter(|(_, ids)| !ids.is_empty());
        ids.extend(named.map(|(object, ids)| (object.address.clone(), ids)));
    }
    Ok(ids)
}

/// A state in which all that may be there is, so that it is looked at.
fn provisional(desired: &Desired, fresh: &State, ids: &Ids) -> State {
    let record = |(address, ids): (&Address, &Vec<RemoteId>)| {
        let wanted = desired.objects.get(address).map(|object| values_of(&object.attributes));
        let object = |id: &RemoteId| Physical {
            id: id.clone(),
            applied: wanted.clone().unwrap_or_default(),
            observed: Values::new(),
            identity: None,
        };
        let mut objects = ids.iter().map(object);
        let current = objects.next();
        let record = Record { current, former: objects.collect(), ..Record::empty(address.kind.clone()) };
        (address.clone(), record)
    };
    State { records: ids.iter().map(record).collect(), ..fresh.clone() }
}

/// What may be there, and what AWS says of it.
struct Found<'a> {
    desired: &'a Desired,
    fresh: &'a State,
    provider: &'a dyn Provider,
    observed: &'a Observed,
    ids: &'a Ids,
}

impl Found<'_> {
    /// The records of all that is there, and what is known of the attributes of what is wanted.
    fn records(&self) -> (BTreeMap<Address, Record>, Known) {
        let links = links::direct(self.desired);
        let identities = identify(self.desired, self.provider);
        let mut known = Known::default();
        let mut records = BTreeMap::new();
        for address in links::order(self.desired).unwrap_or_default() {
            if let Some(lookup) = self.desired.lookups.get(&address) {
                let answer = lookup.answer.as_ref().or(self.observed.answer(&address).map(|it| &it.values));
                answer.into_iter().for_each(|values| known.insert(address.clone(), values.clone()));
            } else if let Some(object) = self.desired.objects.get(&address)
                && let Some(record) = self.wanted(object, &links, &identities, &mut known)
            {
                records.insert(address, record);
            }
        }
        let others = self.ids.keys().filter(|address| !self.desired.objects.contains_key(*address));
        let others: Vec<_> =
            others.filter_map(|address| Some((address.clone(), self.other(address)?))).collect();
        records.extend(others);
        (with_mentions(records, self.desired), known)
    }

    /// An object that the configuration wants.
    fn wanted(
        &self,
        object: &DesiredObject,
        links: &Links,
        identities: &Identities,
        known: &mut Known,
    ) -> Option<Record> {
        let address = &object.address;
        let kind = self.provider.kind(&address.kind)?;
        let wanted = known.simplify_all(&object.attributes);
        let mut there = self.there(address);
        if let Some(identity) = identities.get(address)
            && let Some(Observation::Present { id, values }) = self.observed.digest(address, &identity.digest)
        {
            there.retain(|(other, _)| *other != id);
            there.insert(0, (id, values));
        }
        let identity = |id: &RemoteId| {
            let identity = identities.get(address)?;
            let found = self.observed.digest(address, &identity.digest)?;
            matches!(found, Observation::Present { id: made, .. } if made == id).then(|| identity.clone())
        };
        let physical = |(id, values): &(&RemoteId, &Values)| {
            let told = unread(values, &wanted);
            let identity = identity(id);
            let by_identity = identities.contains_key(address);
            let applied = as_applied(kind, &wanted, &told, by_identity, &self.fresh.key);
            let observed = concealed(kind, &told, &applied, &self.fresh.key);
            Physical { id: (*id).clone(), applied, observed, identity }
        };
        let mut objects = there.iter().map(physical);
        let current = objects.next()?;
        known.insert(address.clone(), standing(kind.schema(), &wanted, &current.observed, &current.id));
        Some(Record {
            former: objects.collect(),
            current: Some(current),
            dependencies: links::managed(links, address),
            protected: object.lifecycle.prevent_destroy,
            ..Record::empty(address.kind.clone())
        })
    }

    /// An object that the configuration no longer has: all that AWS tells of it counts as applied.
    fn other(&self, address: &Address) -> Option<Record> {
        let kind = self.provider.kind(&address.kind)?;
        let physical = |(id, values): (&RemoteId, &Values)| {
            let applied = as_applied(kind, &written(kind, values), values, false, &self.fresh.key);
            let observed = concealed(kind, values, &applied, &self.fresh.key);
            Physical { id: id.clone(), applied, observed, identity: None }
        };
        let mut objects = self.there(address).into_iter().map(physical);
        let current = Some(objects.next()?);
        Some(Record { current, former: objects.collect(), ..Record::empty(address.kind.clone()) })
    }

    /// What of an address's objects is there.
    fn there(&self, address: &Address) -> Vec<(&RemoteId, &Values)> {
        let ids = self.ids.get(address).into_iter().flatten();
        let present = |id: &RemoteId| match self.observed.object(address, id)? {
            Observation::Present { id, values } => Some((id, values)),
            Observation::Absent => None,
        };
        ids.filter_map(present).collect()
    }

    /// The outputs, as far as they are known.
    fn outputs(&self, known: &Known) -> BTreeMap<Identifier, Value> {
        let outputs = self.desired.outputs.iter();
        let known = outputs.filter_map(|(name, output)| match known.simplify(&output.value) {
            Residual::Known(value) => Some((name.clone(), seal(&value, &self.fresh.key))),
            _ => None,
        });
        known.collect()
    }
}

/// What is taken for applied: what is wanted, but where AWS tells something else.
fn as_applied(
    kind: &dyn Kind,
    wanted: &Attributes,
    told: &Values,
    by_identity: bool,
    key: &SealKey,
) -> Values {
    let wanted = kept(wanted);
    let mut applied = seal_values(&values_of(&wanted), key);
    let differing = diff(&Comparison {
        kind,
        key,
        applied: &applied,
        observed: told,
        desired: &wanted,
        upstream: &|_| false,
        in_place_only: by_identity,
    });
    for change in differing {
        let secret = applied.get(&change.name).is_some_and(Value::is_sensitive)
            || kind.schema().attribute(change.name.as_str()).is_some_and(|schema| schema.sensitive);
        match told.get(&change.name).filter(|value| **value != Value::Null) {
            Some(value) => applied.insert(change.name, conceal(value, secret, key)),
            None => applied.remove(&change.name),
        };
    }
    applied
}

/// What AWS tells of attributes that can be written.
fn written(kind: &dyn Kind, told: &Values) -> Attributes {
    let settable = |name: &AttributeName| {
        let schema = kind.schema().attribute(name.as_str());
        schema.is_some_and(|schema| schema.presence != Presence::Observed)
    };
    let told = told.iter().filter(|(name, value)| settable(name) && **value != Value::Null);
    told.map(|(name, value)| (name.clone(), Residual::Known(value.clone()))).collect()
}

/// The records with what the objects that nobody wants refer to: whatever they mention by its id goes after them.
fn with_mentions(records: BTreeMap<Address, Record>, desired: &Desired) -> BTreeMap<Address, Record> {
    let ids: BTreeMap<String, Address> = records
        .iter()
        .flat_map(|(address, record)| record.objects().map(|it| (it.id.0.clone(), address.clone())))
        .collect();
    let mentions = |address: &Address, record: &Record| {
        let mut texts = BTreeSet::new();
        let values = record.objects().flat_map(|object| object.applied.values());
        values.for_each(|value| crate::plan::texts(value, &mut texts));
        texts.iter().filter_map(|text| ids.get(text)).filter(|other| *other != address).cloned().collect()
    };
    let completed = |(address, record): (Address, Record)| match desired.objects.contains_key(&address) {
        true => (address, record),
        false => {
            let dependencies = mentions(&address, &record);
            (address, Record { dependencies, ..record })
        }
    };
    records.clone().into_iter().map(completed).collect()
}
