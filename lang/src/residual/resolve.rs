//! Finishing residuals: putting in what other objects' attributes turned out to be.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comprehension, Reference, Residual};
use crate::functions;
use crate::name::Identifier;
use crate::partial::{self, Fault};
use crate::value::Value;

/// Why a residual could not be finished.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// An attribute it needs is not known.
    #[error("`{0}` is not known yet")]
    Unknown(Reference),
    /// The values are there, but an operation on them fails.
    #[error("{0}")]
    Failed(String),
    /// An ephemeral variable it needs is not given.
    #[error("the ephemeral variable `{0}` is not given")]
    NotGiven(Identifier),
}

type Lookup<'a> = &'a dyn Fn(&Reference) -> Option<Value>;

/// The value of a residual, all of whose references `lookup` must know.
pub fn resolve(residual: &Residual, lookup: Lookup<'_>) -> Result<Value, Unresolved> {
    match put_in(residual, lookup, &BTreeMap::new()).map_err(|fault| Unresolved::Failed(fault.message))? {
        Residual::Known(value) => Ok(value),
        waiting => match references(&waiting).into_iter().next() {
            Some(reference) => Err(Unresolved::Unknown(reference)),
            None => Err(ephemeral(&waiting).map_or_else(
                || Unresolved::Failed(format!("`{waiting}` cannot be computed")),
                Unresolved::NotGiven,
            )),
        },
    }
}

/// The residual with all that `lookup` knows put in. What fails stays, so that resolving tells why.
pub fn simplify(residual: &Residual, lookup: Lookup<'_>) -> Residual {
    put_in(residual, lookup, &BTreeMap::new()).unwrap_or_else(|_| residual.clone())
}

/// The residual with ephemeral variables put in, each as a secret. Those that `given` lacks stay.
pub fn supplied(residual: Residual, given: &BTreeMap<Identifier, Value>) -> Residual {
    residual.with_leaves(&|leaf| match &leaf {
        Residual::Ephemeral(name) => {
            given.get(name).map_or(leaf.clone(), |value| Residual::Known(value.clone()).concealed())
        }
        _ => leaf,
    })
}

/// What of a residual may be kept: all but what comes of ephemeral variables; nothing if all of it does.
pub fn kept(residual: &Residual) -> Option<Residual> {
    if ephemeral(residual).is_none() {
        return Some(residual.clone());
    }
    match residual {
        Residual::List(items) => Some(Residual::list(items.iter().filter_map(kept).collect())),
        Residual::Set(items) => Some(Residual::set(items.iter().filter_map(kept).collect())),
        Residual::Map(entries) => {
            let entries = entries.iter().filter_map(|(key, value)| Some((key.clone(), kept(value)?)));
            Some(Residual::map(entries.collect()))
        }
        _ => None,
    }
}

/// An ephemeral variable in it.
pub fn ephemeral(residual: &Residual) -> Option<Identifier> {
    let mut found = None;
    residual.for_each_leaf(&mut |leaf| {
        if let Residual::Ephemeral(name) = leaf {
            found = Some(name.clone());
        }
    });
    found
}

/// The attributes of other objects that it waits for.
pub fn references(residual: &Residual) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    residual.for_each_leaf(&mut |leaf| {
        if let Residual::Attribute(reference) = leaf {
            found.insert(reference.clone());
        }
    });
    found
}

type Variables = BTreeMap<String, Residual>;

/// The residual with references and variables put in, every operation done whose parts are known by then.
pub(crate) fn put_in(
    residual: &Residual,
    lookup: Lookup<'_>,
    variables: &Variables,
) -> Result<Residual, Fault> {
    let recur = |part: &Residual| put_in(part, lookup, variables);
    let all = |parts: &[Residual]| parts.iter().map(recur).collect::<Result<Vec<_>, _>>();
    Ok(match residual {
        Residual::Known(_) | Residual::Ephemeral(_) => residual.clone(),
        Residual::Variable(name) => variables.get(name).unwrap_or(residual).clone(),
        Residual::Attribute(reference) => lookup(reference).map_or_else(|| residual.clone(), Residual::Known),
        Residual::List(items) => Residual::list(all(items)?),
        Residual::Set(items) => Residual::set(all(items)?),
        Residual::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), recur(value)?)));
            Residual::map(entries.collect::<Result<_, Fault>>()?)
        }
        Residual::Sensitive(inner) => recur(inner)?.concealed(),
        Residual::Index(of, key) => partial::index(recur(of)?, recur(key)?)?,
        Residual::Call(name, arguments) => functions::apply(name, all(arguments)?)?,
        Residual::Conditional(condition, yes, no) => match partial::condition(&recur(condition)?)? {
            (Some(chosen), hidden) => {
                let value = recur(if chosen { yes } else { no })?;
                if hidden { value.concealed() } else { value }
            }
            (None, _) => Residual::Conditional(
                Box::new(recur(condition)?),
                Box::new(recur(yes)?),
                Box::new(recur(no)?),
            ),
        },
        Residual::For(each) => put_in_for(each, lookup, variables)?,
    })
}

fn put_in_for(each: &Comprehension, lookup: Lookup<'_>, variables: &Variables) -> Result<Residual, Fault> {
    let collection = put_in(&each.collection, lookup, variables)?;
    let Some(steps) = partial::steps(&collection)? else {
        return Ok(Residual::For(Box::new(waiting_for(each, collection, lookup, variables)?)));
    };
    let mut gathered = partial::Gathered::new(each.result_key.is_some(), each.grouped);
    for (key, value) in steps {
        let mut inner = variables.clone();
        inner.extend(each.key.iter().map(|name| (name.clone(), Residual::Known(key.clone()))));
        inner.insert(each.value.clone(), value);
        let part = |part: &Residual| put_in(part, lookup, &inner);
        let taken = each.condition.as_ref().map(part).transpose()?;
        let result_key = each.result_key.as_ref().map(part).transpose()?;
        gathered.add(taken, result_key, part(&each.result)?)?;
    }
    Ok(match gathered.finish(&collection) {
        Some(result) => result,
        None => Residual::For(Box::new(waiting_for(each, collection, lookup, variables)?)),
    })
}

/// The `for` over a collection that still waits; its own variables hide outer ones of the same name.
fn waiting_for(
    each: &Comprehension,
    collection: Residual,
    lookup: Lookup<'_>,
    variables: &Variables,
) -> Result<Comprehension, Fault> {
    let mut outer = variables.clone();
    outer.retain(|name, _| *name != each.value && Some(name) != each.key.as_ref());
    let part = |part: &Residual| put_in(part, lookup, &outer);
    Ok(Comprehension {
        collection,
        result_key: each.result_key.as_ref().map(part).transpose()?,
        result: part(&each.result)?,
        condition: each.condition.as_ref().map(part).transpose()?,
        ..each.clone()
    })
}
