//! Finishing residuals: putting in what other objects' attributes turned out to be.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comprehension, Reference, Residual};
use crate::functions;
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
}

type Lookup<'a> = &'a dyn Fn(&Reference) -> Option<Value>;

/// The value of a residual, all of whose references `lookup` must know.
pub fn resolve(residual: &Residual, lookup: Lookup<'_>) -> Result<Value, Unresolved> {
    match put_in(residual, lookup, &BTreeMap::new()).map_err(|fault| Unresolved::Failed(fault.message))? {
        Residual::Known(value) => Ok(value),
        waiting => match references(&waiting).into_iter().next() {
            Some(reference) => Err(Unresolved::Unknown(reference)),
            None => Err(Unresolved::Failed(format!("`{waiting}` cannot be computed"))),
        },
    }
}

/// The residual with all that `lookup` knows put in. What fails stays, so that resolving tells why.
pub fn simplify(residual: &Residual, lookup: Lookup<'_>) -> Residual {
    put_in(residual, lookup, &BTreeMap::new()).unwrap_or_else(|_| residual.clone())
}

/// The attributes of other objects that it waits for.
pub fn references(residual: &Residual) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    collect(residual, &mut found);
    found
}

fn collect(residual: &Residual, found: &mut BTreeSet<Reference>) {
    match residual {
        Residual::Known(_) | Residual::Variable(_) => {}
        Residual::Attribute(reference) => {
            found.insert(reference.clone());
        }
        Residual::List(items) | Residual::Set(items) | Residual::Call(_, items) => {
            items.iter().for_each(|item| collect(item, found));
        }
        Residual::Map(entries) => entries.values().for_each(|value| collect(value, found)),
        Residual::Sensitive(inner) => collect(inner, found),
        Residual::Index(of, key) => [of, key].into_iter().for_each(|part| collect(part, found)),
        Residual::Conditional(condition, yes, no) => {
            [condition, yes, no].into_iter().for_each(|part| collect(part, found));
        }
        Residual::For(each) => {
            let optional = each.result_key.iter().chain(&each.condition);
            [&each.collection, &each.result]
                .into_iter()
                .chain(optional)
                .for_each(|part| collect(part, found));
        }
    }
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
        Residual::Known(_) => residual.clone(),
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
