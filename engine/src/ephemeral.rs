//! Ephemeral variables: their values are handed in when a plan is carried out, and kept nowhere, not even as a hash.
//! A plan has their names; state and journal have nothing of what comes of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use infra_lang::name::{AttributeName, Identifier};
use infra_lang::residual::{Attributes, Residual, Values, ephemeral};
use infra_lang::value::Value;

use crate::plan::Plan;

/// The values of ephemeral variables that whoever applies has handed in.
pub type Given = BTreeMap<Identifier, Value>;

/// Attributes without what comes of ephemeral variables: what may be kept, and what is compared.
pub(crate) fn kept(attributes: &Attributes) -> Cow<'_, Attributes> {
    if !attributes.values().any(is_ephemeral) {
        return Cow::Borrowed(attributes);
    }
    let kept = |(name, residual): (_, &Residual)| Some((Clone::clone(name), infra_lang::kept(residual)?));
    Cow::Owned(attributes.iter().filter_map(kept).collect())
}

/// Attributes with ephemeral variables put in.
pub(crate) fn supplied<'a>(attributes: &'a Attributes, given: &Given) -> Cow<'a, Attributes> {
    if !attributes.values().any(is_ephemeral) {
        return Cow::Borrowed(attributes);
    }
    let supplied = |residual: &Residual| infra_lang::supplied(residual.clone(), given);
    Cow::Owned(attributes.iter().map(|(name, residual)| (name.clone(), supplied(residual))).collect())
}

/// What was read of an object, without attributes that are wanted with something ephemeral in them.
pub(crate) fn unread(observed: &Values, desired: &Attributes) -> Values {
    let hidden = |name: &AttributeName| desired.get(name).is_some_and(is_ephemeral);
    let rest = observed.iter().filter(|(name, _)| !hidden(name));
    rest.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An ephemeral variable that a plan needs and that is not given.
pub(crate) fn missing(plan: &Plan, given: &Given) -> Option<Identifier> {
    let desired = plan.changes.iter().flat_map(|change| change.desired.values());
    desired.filter_map(ephemeral).find(|name| !given.contains_key(name))
}

fn is_ephemeral(residual: &Residual) -> bool {
    ephemeral(residual).is_some()
}
