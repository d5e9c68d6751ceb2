//! Making a value of the type that is wanted, where parts of it wait for other objects.

use super::convert::{Converted, Mismatch, check_length, convert_fields, convert_value, step, unlabelled};
use super::nouns::{noun, residual_noun};
use super::{Fit, Text, Type, fit};
use crate::residual::{Reference, Residual};
use crate::schema::SchemaSet;
use crate::value::Value;

/// Makes a `wanted` of a value whose parts may wait. A reference to a whole object becomes one to its handle
/// (its id) where an id is wanted; what waits is converted when it is known, by a call in the residual.
pub fn convert(residual: &Residual, wanted: &Type, schemas: &SchemaSet) -> Converted<Residual> {
    match (residual, wanted) {
        (_, Type::Any) => Ok(residual.clone()),
        (Residual::Known(value), _) => convert_value(value, wanted, schemas).map(Residual::Known),
        (Residual::Sensitive(inner), _) => Ok(convert(inner, unlabelled(wanted), schemas)?.concealed()),
        (_, Type::Sensitive(inner)) => Ok(convert(residual, inner, schemas)?.concealed()),
        (_, Type::Nullable(inner)) => convert(residual, inner, schemas),
        (_, Type::OneOf(types)) => convert_to_one(residual, types, schemas),
        (Residual::List(items) | Residual::Set(items), Type::List(element, lengths)) => {
            check_length(items.len(), *lengths)?;
            convert_residuals(items, element, schemas).map(Residual::list)
        }
        (Residual::List(items) | Residual::Set(items), Type::Set(element)) => {
            convert_residuals(items, element, schemas).map(Residual::set)
        }
        (Residual::List(items), Type::Tuple(types)) if items.len() == types.len() => {
            let items = items.iter().zip(types.iter()).enumerate();
            let items = items.map(|(at, (item, ty))| {
                convert(item, ty, schemas).map_err(|error| error.at(format!("[{at}]")))
            });
            Ok(Residual::list(items.collect::<Converted<_>>()?))
        }
        (Residual::Map(entries), Type::Map(element)) => {
            let entries = entries.iter().map(|(key, value)| {
                Ok((key.clone(), convert(value, element, schemas).map_err(|error| error.at(step(key)))?))
            });
            Ok(Residual::map(entries.collect::<Converted<_>>()?))
        }
        (Residual::Map(entries), Type::Object(fields)) => convert_fields(
            entries,
            fields,
            |value, ty| convert(value, ty, schemas),
            |value| *value == Residual::Known(Value::Null),
            |default| Residual::Known(default.clone()),
        )
        .map(Residual::map),
        (Residual::List(_) | Residual::Set(_) | Residual::Map(_), _) => {
            Err(Mismatch::new(format!("{} is wanted, not {}", noun(wanted), residual_noun(residual))))
        }
        (Residual::Attribute(reference), _) if reference.is_whole() => to_handle(reference, wanted, schemas),
        (Residual::Attribute(reference), _) => convert_observed(reference, wanted, schemas),
        (Residual::Conditional(condition, yes, no), _) => Ok(Residual::Conditional(
            condition.clone(),
            Box::new(convert(yes, wanted, schemas)?),
            Box::new(convert(no, wanted, schemas)?),
        )),
        // No schema tells its type, so what may be a number is made a string once it is there.
        (Residual::Ephemeral(_), Type::String(_)) => {
            Ok(Residual::Call("tostring".to_owned(), vec![residual.clone()]))
        }
        (waiting, Type::Set(_)) => Ok(Residual::Call("toset".to_owned(), vec![waiting.clone()])),
        (waiting, _) => Ok(waiting.clone()),
    }
}

fn convert_to_one(residual: &Residual, types: &[Type], schemas: &SchemaSet) -> Converted<Residual> {
    let mut fits = types.iter().filter_map(|ty| convert(residual, ty, schemas).ok());
    fits.next().ok_or_else(|| {
        Mismatch::new(format!(
            "{} is wanted, not {}",
            noun(&Type::OneOf(types.to_vec())),
            residual_noun(residual)
        ))
    })
}

/// The handle of a whole object, where the type takes it.
fn to_handle(reference: &Reference, wanted: &Type, schemas: &SchemaSet) -> Converted<Residual> {
    let kind = &reference.object.kind;
    match wanted {
        Type::String(Text::Id(id)) if id == kind => Ok(Residual::Attribute(reference.to_handle(schemas))),
        // Its attributes may still be read.
        Type::Kind(id) if id == kind => Ok(Residual::Attribute(reference.clone())),
        _ => Err(Mismatch::new(format!(
            "`{}` is a whole `{kind}`, but {} is wanted",
            reference.object,
            noun(wanted)
        ))),
    }
}

/// An observed attribute has its schema's type: wrong ones are refused now, others converted once known.
fn convert_observed(reference: &Reference, wanted: &Type, schemas: &SchemaSet) -> Converted<Residual> {
    let waiting = Residual::Attribute(reference.clone());
    let schema = schemas.kind(reference.object.kind.as_str());
    let Some(found) = schema.and_then(|schema| schema.attribute(reference.attribute.as_str())) else {
        return Ok(waiting);
    };
    if fit(&found.ty, wanted) == Fit::No {
        return Err(Mismatch::new(format!("{} is wanted, not `{}`", noun(wanted), found.ty)));
    }
    let conversion = match (found.ty.core(), wanted) {
        (Type::List(..), Type::Set(_)) => "toset",
        (Type::Set(_), Type::List(..)) => "tolist",
        (Type::Number { .. } | Type::Bool, Type::String(_)) => "tostring",
        _ => return Ok(waiting),
    };
    Ok(Residual::Call(conversion.to_owned(), vec![waiting]))
}

/// Each element converted; an error names the one that does not fit.
fn convert_residuals(items: &[Residual], element: &Type, schemas: &SchemaSet) -> Converted<Vec<Residual>> {
    let items = items.iter().enumerate();
    items
        .map(|(at, item)| convert(item, element, schemas).map_err(|error| error.at(format!("[{at}]"))))
        .collect()
}
