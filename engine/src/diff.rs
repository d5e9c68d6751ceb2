//! The three-way comparison: what was last applied, what is wanted, what AWS says. It tells an intended change from
//! drift, and both from what AWS decides by itself, which is no difference at all.

mod agree;

use std::collections::BTreeSet;

use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::{AttributeSchema, Presence};
use infra_lang::value::Value;

use crate::change::{AttributeChange, Cause};
use crate::provider::Kind;
use crate::seal::{SealKey, bared, seal};

use agree::{agree, equal, is_empty, told_as_written};

/// One object, three times.
pub struct Comparison<'a> {
    /// Its kind: the schema, and what is the same to AWS.
    pub kind: &'a dyn Kind,
    /// What the state's secrets are sealed with.
    pub key: &'a SealKey,
    /// What was last applied, secrets sealed.
    pub applied: &'a Values,
    /// What AWS says.
    pub observed: &'a Values,
    /// What is wanted, as far as it is known.
    pub desired: &'a Attributes,
    /// Whether what the attribute refers to changes in this plan.
    pub upstream: &'a dyn Fn(&AttributeName) -> bool,
    /// Whether only attributes count that change in place: a new object is decided by the identity.
    pub in_place_only: bool,
}

/// The attributes that differ, in the order of their names. Attributes that AWS tells, and those it chooses where
/// nothing is written, never do; what AWS cannot tell is compared with what was last applied alone.
pub fn diff(comparison: &Comparison<'_>) -> Vec<AttributeChange> {
    let names: BTreeSet<&AttributeName> =
        comparison.desired.keys().chain(comparison.applied.keys()).collect();
    names.into_iter().filter_map(|name| comparison.attribute(name)).collect()
}

impl Comparison<'_> {
    fn attribute(&self, name: &AttributeName) -> Option<AttributeChange> {
        let schema = self.kind.schema().attribute(name.as_str())?;
        if schema.presence == Presence::Observed || (self.in_place_only && schema.immutable) {
            return None;
        }
        let cause = match self.desired.get(name) {
            None => self.unset(schema)?,
            Some(Residual::Known(wanted)) => self.known(schema, wanted)?,
            Some(_) => Cause::Upstream,
        };
        Some(AttributeChange {
            name: name.clone(),
            before: self.before(schema),
            after: self.desired.get(name).cloned(),
            cause,
            forces_new: schema.immutable,
            location: None,
        })
    }

    /// Left out: a change if it was applied before and AWS still has it, or cannot tell.
    fn unset(&self, schema: &AttributeSchema) -> Option<Cause> {
        let left_to_aws = schema.presence == Presence::ObservedIfUnset;
        let applied = self.applied.get(&schema.name).is_some_and(|value| !is_empty(value));
        let gone = self.observed.get(&schema.name).is_some_and(is_empty);
        (applied && !left_to_aws && !gone).then_some(Cause::Intended)
    }

    fn known(&self, schema: &AttributeSchema, wanted: &Value) -> Option<Cause> {
        let applied = self.applied.get(&schema.name);
        let as_applied = applied.is_some_and(|applied| self.same_sealed(schema, wanted, applied));
        let new_secret = !as_applied && schema.block.is_some() && wanted.is_sensitive();
        let live = self.observed.get(&schema.name);
        let as_observed = live.map(|live| !new_secret && self.same_live(schema, wanted, live, applied));
        match (as_observed, as_applied) {
            (Some(true), _) | (None, true) => None,
            (Some(false), true) => Some(Cause::Drift),
            _ if (self.upstream)(&schema.name) => Some(Cause::Upstream),
            _ => Some(Cause::Intended),
        }
    }

    fn same_sealed(&self, schema: &AttributeSchema, wanted: &Value, applied: &Value) -> bool {
        let sealed = seal(wanted, self.key);
        // Kinds compare what is written, and know nothing of seals.
        let secret = sealed.is_sensitive() || applied.is_sensitive();
        equal(schema, &sealed, applied) || (!secret && self.kind.same(&schema.name, &sealed, applied))
    }

    fn same_live(
        &self,
        schema: &AttributeSchema,
        wanted: &Value,
        live: &Value,
        applied: Option<&Value>,
    ) -> bool {
        let (wanted, live) = (bared(wanted), bared(live));
        agree(schema, &wanted, &live, applied) || self.kind.same(&schema.name, &wanted, &live)
    }

    /// What it is now; sealed where it is a secret.
    fn before(&self, schema: &AttributeSchema) -> Option<Value> {
        let applied = self.applied.get(&schema.name);
        let value = self.observed.get(&schema.name).or(applied)?;
        let wanted = self.desired.get(&schema.name);
        let secret = schema.sensitive
            || applied.is_some_and(Value::is_sensitive)
            || wanted.is_some_and(Residual::is_sensitive);
        let value = match wanted {
            Some(Residual::Known(wanted)) => told_as_written(schema, &bared(wanted), value, applied),
            _ => value.clone(),
        };
        (value != Value::Null).then(|| conceal(&value, secret, self.key))
    }
}

/// The value as it may be kept: all of it sealed if it is a secret.
pub(crate) fn conceal(value: &Value, secret: bool, key: &SealKey) -> Value {
    match value {
        Value::Sealed(_) => value.clone(),
        value if secret => seal(&Value::Sensitive(Box::new(bared(value))), key),
        value => seal(value, key),
    }
}

/// What AWS told of an object, as it may be kept: attributes that are written as secrets are sealed.
pub(crate) fn concealed(kind: &dyn Kind, observed: &Values, applied: &Values, key: &SealKey) -> Values {
    let secret = |name: &AttributeName| {
        let always = kind.schema().attribute(name.as_str()).is_some_and(|schema| schema.sensitive);
        always || applied.get(name).is_some_and(Value::is_sensitive)
    };
    observed.iter().map(|(name, value)| (name.clone(), conceal(value, secret(name), key))).collect()
}
