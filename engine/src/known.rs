//! Which attributes of which objects are known, while planning and while applying.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Reference, Residual, Unresolved, Values, resolve, simplify};
use infra_lang::schema::{AttributeSchema, KindSchema, Naming, Presence};
use infra_lang::value::Value;

use crate::id::RemoteId;

/// The known attributes of objects and lookups.
#[derive(Debug, Clone, Default)]
pub struct Known {
    objects: BTreeMap<Address, Values>,
}

impl Known {
    /// Makes the attributes of an object known, instead of those known before.
    pub fn insert(&mut self, address: Address, values: Values) {
        self.objects.insert(address, values);
    }

    /// Forgets what is known of an object.
    pub fn remove(&mut self, address: &Address) {
        self.objects.remove(address);
    }

    /// Whether anything of the object is known.
    pub fn holds(&self, address: &Address) -> bool {
        self.objects.contains_key(address)
    }

    /// What a reference stands for, if that is known.
    pub fn lookup(&self, reference: &Reference) -> Option<Value> {
        self.objects.get(&reference.object)?.get(&reference.attribute).cloned()
    }

    /// The residual with what is known put in.
    pub fn simplify(&self, residual: &Residual) -> Residual {
        simplify(residual, &|reference| self.lookup(reference))
    }

    /// Attributes with what is known put in; those that are null are absent.
    pub fn simplify_all(&self, attributes: &Attributes) -> Attributes {
        let simplified = attributes.iter().map(|(name, residual)| (name.clone(), self.simplify(residual)));
        simplified.filter(|(_, residual)| residual.known() != Some(&Value::Null)).collect()
    }

    /// The attributes' values, all references of which must be known; those that are null are absent.
    pub fn resolve_all(&self, attributes: &Attributes) -> Result<Values, (AttributeName, Unresolved)> {
        let mut values = Values::new();
        for (name, residual) in attributes {
            let value = resolve(residual, &|reference| self.lookup(reference));
            match value.map_err(|error| (name.clone(), error))? {
                Value::Null => {}
                value => {
                    values.insert(name.clone(), value);
                }
            }
        }
        Ok(values)
    }

    /// The attributes' values as far as they are known.
    pub fn resolve_some(&self, attributes: &Attributes) -> Values {
        values_of(&self.simplify_all(attributes))
    }
}

/// The attributes whose values are known already.
pub fn values_of(attributes: &Attributes) -> Values {
    attributes.iter().filter_map(|(name, residual)| Some((name.clone(), residual.known()?.clone()))).collect()
}

/// What is known of an object before its change is carried out: what is written, and that what may be left out and
/// was left out is null.
pub fn before_change(schema: &KindSchema, desired: &Attributes) -> Values {
    let mut values: Values = schema
        .attributes
        .iter()
        .filter(|attribute| ours_alone(schema, attribute) && !desired.contains_key(&attribute.name))
        .map(|attribute| (attribute.name.clone(), Value::Null))
        .collect();
    values.extend(values_of(desired));
    values
}

/// What is known of an object that stands: what AWS tells, and over it what is written.
pub fn standing(schema: &KindSchema, desired: &Attributes, observed: &Values, id: &RemoteId) -> Values {
    let mut values = before_change(schema, &Attributes::new());
    values.extend(merged(observed, &values_of(desired), id));
    values.retain(|name, _| desired.get(name).is_none_or(|residual| residual.known().is_some()));
    values
}

/// The attributes of a finished object: what AWS tells, and over it what was written.
pub fn merged(observed: &Values, desired: &Values, id: &RemoteId) -> Values {
    let id = ("id".into(), Value::string(id.0.as_str()));
    let told = observed.iter().map(|(name, value)| (name.clone(), value.clone()));
    let written = desired.iter().map(|(name, value)| (name.clone(), value.clone()));
    std::iter::once(id).chain(told).chain(written).collect()
}

/// Whether only the configuration sets the attribute: AWS does not fill it, nor do we complete a prefix.
fn ours_alone(schema: &KindSchema, attribute: &AttributeSchema) -> bool {
    let completed =
        matches!(&schema.naming, Naming::Prefixed { attribute: name, .. } if *name == attribute.name);
    let told = matches!(attribute.presence, Presence::Observed | Presence::ObservedIfUnset);
    !completed && !told
}
