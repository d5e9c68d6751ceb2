//! An object that says no name keeps the one it has. Its default name follows from its label, so that a move, or another
//! project name, would else make it anew.

use infra_lang::desired::DesiredObject;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual};
use infra_lang::schema::{KindSchema, Naming};
use infra_lang::value::Value;

use crate::state::Physical;

/// The desired attributes with the name that stands; nothing if that is the default one, or if one is written.
pub(super) fn as_it_is(
    object: &DesiredObject,
    schema: &KindSchema,
    desired: &Attributes,
    live: &Physical,
) -> Option<Attributes> {
    let written = |name: &AttributeName| object.attribute_spans.contains_key(name);
    let names = match &schema.naming {
        Naming::None | Naming::Written(_) => return None,
        ours => ours.attributes(),
    };
    if names.iter().any(|name| written(name)) || names.iter().all(|name| applied(live, name).is_none()) {
        return None;
    }
    let mut kept = desired.clone();
    for name in names {
        match applied(live, name) {
            Some(value) => kept.insert(name.clone(), Residual::Known(value.clone())),
            None => kept.remove(name),
        };
    }
    (kept != *desired).then_some(kept)
}

fn applied<'a>(live: &'a Physical, name: &AttributeName) -> Option<&'a Value> {
    live.applied.get(name).filter(|value| **value != Value::Null)
}
