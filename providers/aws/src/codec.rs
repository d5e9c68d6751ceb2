//! Between the values of the language and the structs of the kinds.
//!
//! Structs hold quantities as bare numbers in the schema's unit: seconds, GiB, percent.

use infra_engine::provider::{FailureClass, ProviderError};
use infra_lang::name::AttributeName;
use infra_lang::number::Number;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::{AttributeSchema, BlockSchema, KindSchema};
use infra_lang::types::Type;
use infra_lang::value::{Dimension, Quantity, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Reads attributes into a kind's struct. Secrets are revealed, sealed ones and nulls are left out.
///
/// # Errors
/// Permanent, naming the attribute, if the values are not of the struct's shape.
pub(crate) fn decode<T: DeserializeOwned>(values: &Values) -> Result<T, ProviderError> {
    let entries = values.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), plain(value)?)));
    serde_json::from_value(Json::Object(entries.collect())).map_err(|error| ProviderError {
        class: FailureClass::Permanent,
        operation: "reading the attributes".to_owned(),
        code: None,
        message: error.to_string(),
        request_id: None,
        hint: None,
    })
}

/// Writes a kind's struct as attributes, typed by the schema. What is absent, or empty, is left out.
pub(crate) fn encode<T: Serialize>(schema: &KindSchema, object: &T) -> Values {
    encode_attributes(&schema.attributes, object)
}

/// The same by a list of attributes, such as those of a lookup's answer.
pub(crate) fn encode_attributes<T: Serialize>(attributes: &[AttributeSchema], object: &T) -> Values {
    // The kinds' structs have string keys and no failing serializers, so this is always an object.
    let Ok(Json::Object(mut entries)) = serde_json::to_value(object) else { return Values::new() };
    let present = attributes.iter().filter_map(|attribute| {
        let json = entries.remove(attribute.name.as_str()).filter(|json| !is_nothing(json))?;
        Some((attribute.name.clone(), typed(json, &attribute.ty)))
    });
    present.collect()
}

/// A JSON value as a value of a type.
pub(crate) fn typed(json: Json, ty: &Type) -> Value {
    match (json, ty) {
        (json, Type::Nullable(inner)) => typed(json, inner),
        (json, Type::Sensitive(inner)) => Value::Sensitive(Box::new(typed(json, inner))),
        (json, Type::OneOf(types)) => match types.iter().find(|ty| takes(ty, &json)) {
            Some(ty) => typed(json, ty),
            None => natural(json),
        },
        (Json::Number(amount), Type::Quantity { dimension, .. }) => quantity(*dimension, &number(&amount)),
        (Json::Array(items), Type::Set(element)) => {
            Value::Set(items.into_iter().map(|item| typed(item, element)).collect())
        }
        (Json::Array(items), Type::List(element, _)) => {
            Value::List(items.into_iter().map(|item| typed(item, element)).collect())
        }
        (Json::Object(entries), Type::Map(element)) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, typed(value, element))).collect())
        }
        (Json::Object(entries), Type::Object(fields)) => {
            let present = entries.into_iter().filter(|(_, value)| !is_nothing(value));
            let typed = present.map(|(key, value)| {
                let ty = fields.get(&key).map_or(&Type::Any, |field| &field.ty);
                (key, typed(value, ty))
            });
            Value::Map(typed.collect())
        }
        (json, _) => natural(json),
    }
}

/// Whether a JSON value has the shape of a type; enough to choose among alternatives.
fn takes(ty: &Type, json: &Json) -> bool {
    match ty.core() {
        Type::Bool => json.is_boolean(),
        Type::String(_) | Type::Kind(_) => json.is_string(),
        Type::Number { .. } | Type::Quantity { .. } => json.is_number(),
        Type::List(..) | Type::Set(_) | Type::Tuple(_) => json.is_array(),
        Type::Map(_) | Type::Object(_) => json.is_object(),
        _ => true,
    }
}

fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn natural(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(amount) => Value::Number(number(&amount)),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::List(items.into_iter().map(natural).collect()),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, natural(value))).collect())
        }
    }
}

fn number(amount: &serde_json::Number) -> Number {
    // JSON's numbers are decimals, as ours are; the fallback is for exponents beyond any attribute's range.
    amount.to_string().parse().unwrap_or_else(|_| Number::from(0))
}

/// A percentage.
pub(crate) fn percent(amount: f64) -> Value {
    let amount = serde_json::Number::from_f64(amount).map_or_else(|| Number::from(0), |it| number(&it));
    quantity(Dimension::Percent, &amount)
}

/// The schema's unit in the dimension's base unit.
fn unit(dimension: Dimension) -> Number {
    Number::from(match dimension {
        Dimension::Duration | Dimension::Percent => 1,
        Dimension::Size => 1 << 30,
    })
}

fn quantity(dimension: Dimension, amount: &Number) -> Value {
    Value::Quantity(Quantity { dimension, amount: amount * &unit(dimension) })
}

/// A value as the structs take it; nothing for null and for a secret of which only the seal is left.
fn plain(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null | Value::Sealed(_) => return None,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(amount) => bare(amount),
        Value::Quantity(quantity) => bare(&(&quantity.amount / &unit(quantity.dimension))),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().filter_map(plain).collect()),
        Value::Set(items) => Json::Array(items.iter().filter_map(plain).collect()),
        Value::Map(entries) => Json::Object(
            entries.iter().filter_map(|(key, value)| Some((key.clone(), plain(value)?))).collect(),
        ),
        Value::Sensitive(inner) => plain(inner)?,
    })
}

fn bare(amount: &Number) -> Json {
    match amount.to_i64() {
        Some(whole) => Json::from(whole),
        None => Json::from(amount.to_f64()),
    }
}

/// The values with an empty collection where `applied` has one and nothing was read: AWS does not tell an empty
/// collection from none.
pub(crate) fn with_empties(mut values: Values, applied: &Values) -> Values {
    for (name, value) in applied {
        let empty = match value {
            Value::List(items) => items.is_empty(),
            Value::Set(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            _ => false,
        };
        if empty && !values.contains_key(name) {
            values.insert(name.clone(), value.clone());
        }
    }
    values
}

/// The values with a null where `applied` has something that AWS would tell and does not: somebody has taken it away.
/// `untold` are the attributes that AWS never tells.
pub(crate) fn with_nulls(mut values: Values, applied: &Values, untold: &[&str]) -> Values {
    for name in applied.keys().filter(|name| !untold.contains(&name.as_str())) {
        values.entry(name.clone()).or_insert(Value::Null);
    }
    values
}

/// The values with a null in every field of a block that AWS has not told: it says that there is none, which is not
/// the same as not saying anything.
pub(crate) fn explicit(schema: &KindSchema, mut values: Values) -> Values {
    let blocks =
        schema.attributes.iter().filter_map(|attribute| Some((&attribute.name, attribute.block.as_ref()?)));
    for (name, block) in blocks {
        if let Some(value) = values.get_mut(name) {
            fill(block, value);
        }
    }
    values
}

fn fill(block: &BlockSchema, value: &mut Value) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| fill(block, item)),
        Value::Map(entries) => {
            for field in &block.attributes {
                entries.entry(field.name.as_str().to_owned()).or_insert(Value::Null);
            }
        }
        _ => {}
    }
}

/// Whether two values of an attribute are the same once read into a struct, whose `PartialEq` knows what counts.
pub(crate) fn same_as<T: DeserializeOwned + PartialEq>(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| plain(value).and_then(|json| serde_json::from_value::<T>(json).ok());
    one == other || read(one).zip(read(other)).is_some_and(|(one, other)| one == other)
}

/// The attributes that are known as a whole.
pub(crate) fn known(attributes: &Attributes) -> Values {
    let known = |value: &Residual| match value {
        Residual::Known(value) => Some(value.clone()),
        _ => None,
    };
    attributes.iter().filter_map(|(name, value)| Some((name.clone(), known(value)?))).collect()
}

/// One attribute.
pub(crate) fn attribute(name: &str, value: Value) -> (AttributeName, Value) {
    (AttributeName::new(name), value)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use infra_derive::Schema;
    use serde::Deserialize;

    use super::*;
    use crate::schema::Schema as _;

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
    #[serde(default)]
    #[kind(name = "example")]
    struct Example {
        #[attribute(ty = "duration")]
        grace: Option<u32>,
        #[attribute(ty = "size")]
        volume: i64,
        #[attribute(ty = "percent")]
        floor: f64,
        names: BTreeSet<String>,
        labels: BTreeMap<String, String>,
        order: Vec<String>,
        #[attribute(sensitive)]
        secret: Option<String>,
    }

    fn example() -> Example {
        Example {
            grace: Some(90),
            volume: 8,
            floor: 12.5,
            names: ["b", "a"].map(str::to_owned).into(),
            order: vec!["z".to_owned()],
            ..Example::default()
        }
    }

    #[test]
    fn a_struct_is_typed_by_its_schema_and_read_back() {
        let values = encode(&Example::schema(), &example());
        let shown: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        floor = 12.5%
        grace = 90s
        names = ["a", "b"]
        order = ["z"]
        volume = 8GiB
        "#);
        assert_eq!(decode::<Example>(&values).expect("its own values"), example());
    }

    #[test]
    fn secrets_are_revealed_and_seals_left_out() {
        let secret = Value::Sensitive(Box::new(Value::string("hush")));
        let values: Values =
            [attribute("secret", secret), attribute("volume", Value::Sealed("00".into()))].into();
        let read: Example = decode(&values).expect("the right shape");
        assert_eq!((read.secret.as_deref(), read.volume), (Some("hush"), 0));
    }

    #[test]
    fn what_was_taken_away_is_told_as_null() {
        let applied: Values = ["a", "b", "c"].map(|name| attribute(name, Value::Bool(true))).into();
        let read: Values = [attribute("a", Value::Bool(false))].into();
        let told = with_nulls(read, &applied, &["c"]);
        assert_eq!(told, [attribute("a", Value::Bool(false)), attribute("b", Value::Null)].into());
    }

    #[test]
    fn empty_collections_that_were_applied_are_read_as_such() {
        let applied: Values = [attribute("names", Value::Set(BTreeSet::new()))].into();
        assert_eq!(with_empties(Values::new(), &applied), applied);
    }
}
