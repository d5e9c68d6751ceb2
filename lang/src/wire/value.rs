//! Values, written and read without a tree of JSON in between: a state holds hundreds of thousands.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SECRET, dimension_tag, escape};
use crate::number::Number;
use crate::value::{Dimension, Quantity, Value};

/// A number as it is written: a whole one as JSON has it, any other as text, so that no digit is lost.
struct Written<'n>(&'n Number);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_i64() {
            Some(whole) => serializer.serialize_i64(whole),
            None => tagged(serializer, "$number", &self.0.to_string()),
        }
    }
}

fn tagged<S: Serializer>(
    serializer: S,
    tag: &str,
    content: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(tag, content)?;
    map.end()
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => Written(number).serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Quantity(Quantity { dimension, amount }) => {
                tagged(serializer, dimension_tag(*dimension), &Written(amount))
            }
            Self::List(items) => serializer.collect_seq(items),
            Self::Set(items) => tagged(serializer, "$set", items),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (escape(key), value)))
            }
            Self::Sealed(hash) => tagged(serializer, "$sealed", hash),
            Self::Sensitive(_) => Err(S::Error::custom(SECRET)),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map_or_else(|_| number(&value.to_string()), |value| Ok(Value::int(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        number(&value.to_string())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or_default());
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            entries.insert(key, value);
        }
        match entries.pop_first() {
            Some((tag, content)) if entries.is_empty() && is_tag(&tag) => {
                meant(&tag, content).map_err(A::Error::custom)
            }
            Some((key, value)) => {
                entries.insert(key, value);
                Ok(Value::Map(unescaped(entries)))
            }
            None => Ok(Value::Map(entries)),
        }
    }
}

fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    text.parse().map(Value::Number).map_err(E::custom)
}

fn is_tag(key: &str) -> bool {
    key.starts_with('$') && !key.starts_with("$$")
}

/// The keys as they were: almost never one has to change.
fn unescaped(entries: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    if !entries.keys().any(|key| key.starts_with('$')) {
        return entries;
    }
    let bare = |key: String| key.strip_prefix('$').map(str::to_owned).unwrap_or(key);
    entries.into_iter().map(|(key, value)| (bare(key), value)).collect()
}

/// What an object with one key stands for that is a tag.
fn meant(tag: &str, content: Value) -> Result<Value, String> {
    let quantity = |dimension, amount| Ok(Value::Quantity(Quantity { dimension, amount }));
    match (tag, content) {
        ("$number", Value::String(text)) => {
            text.parse().map(Value::Number).map_err(|_| format!("`{text}` is no number"))
        }
        ("$seconds", Value::Number(amount)) => quantity(Dimension::Duration, amount),
        ("$bytes", Value::Number(amount)) => quantity(Dimension::Size, amount),
        ("$percent", Value::Number(amount)) => quantity(Dimension::Percent, amount),
        ("$set", Value::List(items)) => Ok(Value::Set(items.into_iter().collect())),
        ("$sealed", Value::String(hash)) => Ok(Value::Sealed(hash)),
        (tag, _) => Err(format!("`{tag}` is not known here, or not about this")),
    }
}
