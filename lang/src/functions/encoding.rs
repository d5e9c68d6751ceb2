//! JSON, base64 and URLs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;

use super::strings::text;
use super::{Arguments, Function, Returned, values};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values("base64decode", "(text: string) -> string", "The text behind its base64 form.", |a| {
        let bytes = STANDARD.decode(a.text(0)?).map_err(|_| "the text is not base64".to_owned())?;
        text(String::from_utf8(bytes).map_err(|_| "the content is not UTF-8 text".to_owned())?)
    }),
    values("base64encode", "(text: string) -> string", "The base64 form of a text.", |a| {
        text(STANDARD.encode(a.text(0)?))
    }),
    values(
        "base64gzip",
        "(text: string) -> string",
        "The base64 form of the text, compressed as gzip.",
        gzip,
    ),
    values("jsondecode", "(text: string) -> any", "The value behind JSON.", jsondecode),
    values(
        "jsonencode",
        "(value: any) -> string",
        "The value as JSON; durations in seconds, sizes in bytes, percentages as numbers.",
        |a| text(to_json(a.value(0)?)?.to_string()),
    ),
    values(
        "urlencode",
        "(text: string) -> string",
        "The text with everything but letters, digits, `-`, `_`, `.` and `~` escaped.",
        urlencode,
    ),
];

/// Without a name or a time, so that the same text gives the same result.
fn gzip(a: &Arguments) -> Returned {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let bytes = encoder.write_all(a.text(0)?.as_bytes()).and_then(|()| encoder.finish());
    text(STANDARD.encode(bytes.map_err(|error| error.to_string())?))
}

fn jsondecode(a: &Arguments) -> Returned {
    let json: Json =
        serde_json::from_str(a.text(0)?).map_err(|error| format!("the text is not JSON: {error}"))?;
    from_json(&json)
}

/// The value behind a JSON document.
pub(crate) fn from_json(json: &Json) -> Returned {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            Value::Number(number.to_string().parse().map_err(|_| format!("{number} is out of range"))?)
        }
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect::<Result<_, _>>()?),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), from_json(value)?)));
            Value::Map(entries.collect::<Result<BTreeMap<_, _>, String>>()?)
        }
    })
}

/// The JSON form of a value, for AWS and other programs; secrets are written out, so the caller labels the result.
pub(crate) fn to_json(value: &Value) -> Result<Json, String> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Number(number) => match number.to_i64() {
            Some(whole) => Json::from(whole),
            None => Json::from(number.to_f64()),
        },
        Value::String(text) => Json::from(text.as_str()),
        Value::Quantity(quantity) => to_json(&Value::Number(quantity.amount.clone()))?,
        Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Value::Set(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), to_json(value)?)));
            Json::Object(entries.collect::<Result<_, String>>()?)
        }
        Value::Sensitive(inner) => to_json(inner)?,
        Value::Sealed(_) => return Err("the value behind the hash is not known".to_owned()),
    })
}

fn urlencode(a: &Arguments) -> Returned {
    let mut out = String::new();
    for byte in a.text(0)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => write!(out, "%{other:02X}").expect("writing to a string cannot fail"),
        }
    }
    text(out)
}
