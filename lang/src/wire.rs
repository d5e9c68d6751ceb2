//! Values and residuals as JSON, for state, plan and journal files.
//!
//! What JSON has is written as JSON; the rest is an object with one key that starts with `$`, and a map's own key
//! that starts so is written with a second `$`. A secret is refused: it must be sealed first.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::name::Identifier;
use crate::residual::{Comprehension, Reference, Residual};
use crate::value::{Dimension, Value};

mod value;

const SECRET: &str = "a secret cannot be written";

type Encoded = Result<Json, &'static str>;
type Decoded<T> = Result<T, String>;

fn tagged(tag: &str, content: Json) -> Json {
    Json::Object(Map::from_iter([(tag.to_owned(), content)]))
}

fn escape(key: &str) -> String {
    if key.starts_with('$') { format!("${key}") } else { key.to_owned() }
}

fn encode_map<T>(entries: &BTreeMap<String, T>, encode: impl Fn(&T) -> Encoded) -> Encoded {
    let entries = entries.iter().map(|(key, value)| Ok((escape(key), encode(value)?)));
    Ok(Json::Object(entries.collect::<Result<_, &'static str>>()?))
}

fn encode_all<'a, T: 'a>(items: impl IntoIterator<Item = &'a T>, encode: impl Fn(&T) -> Encoded) -> Encoded {
    Ok(Json::Array(items.into_iter().map(encode).collect::<Result<_, _>>()?))
}

fn dimension_tag(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Duration => "$seconds",
        Dimension::Size => "$bytes",
        Dimension::Percent => "$percent",
    }
}

fn encode_residual(residual: &Residual) -> Encoded {
    let optional = |part: &Option<Residual>| part.as_ref().map_or(Ok(Json::Null), encode_residual);
    Ok(match residual {
        Residual::Known(value) => serde_json::to_value(value).map_err(|_| SECRET)?,
        Residual::List(items) => tagged("$list", encode_all(items, encode_residual)?),
        Residual::Set(items) => tagged("$some", encode_all(items, encode_residual)?),
        Residual::Map(entries) => tagged("$map", encode_map(entries, encode_residual)?),
        Residual::Sensitive(inner) => tagged("$sensitive", encode_residual(inner)?),
        Residual::Attribute(reference) => tagged("$attribute", json!(reference)),
        Residual::Index(of, key) => tagged("$index", encode_all([&**of, &**key], encode_residual)?),
        Residual::Call(name, arguments) => {
            tagged("$call", json!({ "name": name, "arguments": encode_all(arguments, encode_residual)? }))
        }
        Residual::Conditional(condition, yes, no) => {
            tagged("$if", encode_all([&**condition, &**yes, &**no], encode_residual)?)
        }
        Residual::For(each) => tagged(
            "$for",
            json!({
                "key": each.key,
                "value": each.value,
                "collection": encode_residual(&each.collection)?,
                "result_key": each.result_key.is_some().then(|| optional(&each.result_key)).transpose()?,
                "result": encode_residual(&each.result)?,
                "condition": each.condition.is_some().then(|| optional(&each.condition)).transpose()?,
                "grouped": each.grouped,
            }),
        ),
        Residual::Variable(name) => tagged("$variable", json!(name)),
        Residual::Ephemeral(name) => tagged("$ephemeral", json!(name)),
    })
}

/// The one key of an object with one key that starts with a single `$`, and its content.
fn untag(json: &Json) -> Option<(&str, &Json)> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    let (tag, content) = object.iter().next()?;
    (tag.starts_with('$') && !tag.starts_with("$$")).then_some((tag.as_str(), content))
}

fn decode_all<T>(json: &Json, decode: impl Fn(&Json) -> Decoded<T>) -> Decoded<Vec<T>> {
    json.as_array().ok_or("a list is missing")?.iter().map(decode).collect()
}

fn decode_map<T>(json: &Json, decode: impl Fn(&Json) -> Decoded<T>) -> Decoded<BTreeMap<String, T>> {
    let unescape = |key: &str| key.strip_prefix('$').unwrap_or(key).to_owned();
    let entries = json.as_object().ok_or("a map is missing")?.iter();
    entries.map(|(key, value)| Ok((unescape(key), decode(value)?))).collect()
}

fn decode_text(json: &Json) -> Decoded<String> {
    json.as_str().map(str::to_owned).ok_or_else(|| "a string is missing".to_owned())
}

fn decode_residual(json: &Json) -> Decoded<Residual> {
    let boxed = |json: &Json| decode_residual(json).map(Box::new);
    let parts = |json: &Json| decode_all(json, |part| Ok(part.clone()));
    match untag(json) {
        Some(("$list", items)) => decode_all(items, decode_residual).map(Residual::List),
        Some(("$some", items)) => decode_all(items, decode_residual).map(Residual::Set),
        Some(("$map", entries)) => decode_map(entries, decode_residual).map(Residual::Map),
        Some(("$sensitive", inner)) => boxed(inner).map(Residual::Sensitive),
        Some(("$attribute", reference)) => {
            let reference = Reference::deserialize(reference).map_err(|error| error.to_string())?;
            Ok(Residual::Attribute(reference))
        }
        Some(("$index", both)) => match &parts(both)?[..] {
            [of, key] => Ok(Residual::Index(boxed(of)?, boxed(key)?)),
            _ => Err("`$index` needs two parts".to_owned()),
        },
        Some(("$call", call)) => {
            Ok(Residual::Call(decode_text(&call["name"])?, decode_all(&call["arguments"], decode_residual)?))
        }
        Some(("$if", all)) => match &parts(all)?[..] {
            [condition, yes, no] => Ok(Residual::Conditional(boxed(condition)?, boxed(yes)?, boxed(no)?)),
            _ => Err("`$if` needs three parts".to_owned()),
        },
        Some(("$for", each)) => decode_for(each),
        Some(("$variable", name)) => decode_text(name).map(Residual::Variable),
        Some(("$ephemeral", name)) => Ok(Residual::Ephemeral(Identifier::new(decode_text(name)?))),
        _ => Value::deserialize(json).map(Residual::Known).map_err(|error| error.to_string()),
    }
}

fn decode_for(json: &Json) -> Decoded<Residual> {
    let optional = |part: &Json| if part.is_null() { Ok(None) } else { decode_residual(part).map(Some) };
    Ok(Residual::For(Box::new(Comprehension {
        key: json["key"].as_str().map(str::to_owned),
        value: decode_text(&json["value"])?,
        collection: decode_residual(&json["collection"])?,
        result_key: optional(&json["result_key"])?,
        result: decode_residual(&json["result"])?,
        condition: optional(&json["condition"])?,
        grouped: json["grouped"].as_bool().unwrap_or(false),
    })))
}

impl Serialize for Residual {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        encode_residual(self).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Residual {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode_residual(&Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::address::Address;

    fn there_and_back(residual: Residual) {
        let text = serde_json::to_string(&residual).expect("it can be written");
        assert_eq!(serde_json::from_str::<Residual>(&text).expect(&text), residual, "{text}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let reference = Reference { object: Address::managed("elb", "web"), attribute: "dns_name".into() };
        let values = BTreeMap::from([
            ("$set".to_owned(), Value::Set(BTreeSet::from([Value::int(1), Value::seconds(90)]))),
            ("half".to_owned(), Value::Number("0.5".parse().expect("a number"))),
            ("hash".to_owned(), Value::Sealed("c0ffee".to_owned())),
        ]);
        there_and_back(Residual::Known(Value::Map(values)));
        let waiting = Residual::Attribute(reference);
        there_and_back(Residual::Call(
            "join".to_owned(),
            vec![Residual::Known(Value::string(".")), waiting.clone()],
        ));
        there_and_back(Residual::List(vec![waiting.clone(), Residual::Known(Value::Null)]));
        there_and_back(Residual::Sensitive(Box::new(Residual::Ephemeral("token".into()))));
        there_and_back(Residual::For(Box::new(Comprehension {
            key: None,
            value: "x".to_owned(),
            collection: waiting,
            result_key: None,
            result: Residual::Variable("x".to_owned()),
            condition: None,
            grouped: false,
        })));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
        assert_eq!(read(r#"{"$$x": 1}"#), Ok(Value::Map(BTreeMap::from([("$x".to_owned(), Value::int(1))]))));
        assert_eq!(read(r#"{"$number": "1e3"}"#), Ok(Value::int(1000)));
        assert_eq!(read("1.5"), Ok(Value::Number("1.5".parse().expect("a number"))));
        assert_eq!(read("18446744073709551615").map(|value| value.to_string()), Ok(u64::MAX.to_string()));
        for text in [r#"{"$number": "x"}"#, r#"{"$set": 1}"#, r#"{"$seconds": "1"}"#, r#"{"$what": 1}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_are_refused() {
        let secret = Value::Sensitive(Box::new(Value::string("hunter2")));
        let error = serde_json::to_string(&secret).expect_err("a secret was written");
        assert_eq!(error.to_string(), "a secret cannot be written");
    }
}
