//! YAML 1.2 with its core schema, and the merge key `<<` that its users know.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::{Arguments, Function, Returned, values};
use crate::ast::NumberLiteral;
use crate::number::Number;
use crate::value::{Key, Value};

pub(super) const FUNCTIONS: &[Function] = &[values(
    "yamldecode",
    "(text: string) -> any",
    "The value behind YAML 1.2: one document, anchors and `<<` included.",
    |a: &Arguments| decode(a.text(0)?),
)];

/// Deeper than this is a slip or an attack.
const DEEPEST: usize = 100;

/// More values than this come of aliases that repeat aliases.
const LARGEST: usize = 100_000;

fn decode(text: &str) -> Returned {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: BTreeMap::new(), repeated: 0 };
    let mut document = None;
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(document.unwrap_or(Value::Null)),
            Event::DocumentStart(_) if document.is_some() => {
                return Err("there is more than one document".to_owned());
            }
            Event::DocumentStart(_) => {
                let first = reader.next()?;
                document = Some(reader.value(first, 0)?);
            }
            _ => {}
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
    /// How many values aliases have repeated.
    repeated: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        match self.events.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(format!("the text is not YAML: {error}")),
            None => Ok(Event::StreamEnd),
        }
    }

    fn value(&mut self, first: Event<'a>, depth: usize) -> Returned {
        if depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels"));
        }
        let (anchor, value) = match first {
            Event::Alias(anchor) => return self.repeat(anchor),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                (anchor, scalar(&text, plain, tag.as_deref())?)
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag.as_deref(), "seq")?;
                (anchor, self.sequence(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag.as_deref(), "map")?;
                (anchor, self.mapping(depth)?)
            }
            _ => return Err("the text ends too early".to_owned()),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn repeat(&mut self, anchor: usize) -> Returned {
        let value = self.anchors.get(&anchor).ok_or("an alias stands within what it repeats")?.clone();
        self.repeated += size(&value);
        if self.repeated > LARGEST {
            return Err(format!("its aliases repeat more than {LARGEST} values"));
        }
        Ok(value)
    }

    fn sequence(&mut self, depth: usize) -> Returned {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::List(items)),
                first => items.push(self.value(first, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Returned {
        let mut entries = BTreeMap::new();
        let mut merged = BTreeMap::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => break,
                first => first,
            };
            let merges = matches!(&key, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.value(key, depth + 1)?;
            let first = self.next()?;
            let value = self.value(first, depth + 1)?;
            if merges {
                merge(&mut merged, value)?;
                continue;
            }
            let key = match key {
                Value::String(text) => text,
                Value::Number(_) | Value::Bool(_) => key.to_string(),
                _ => return Err("a key is not a string".to_owned()),
            };
            if entries.insert(key.clone(), value).is_some() {
                return Err(format!("the key `{}` comes up twice", Key(&key)));
            }
        }
        for (key, value) in merged {
            entries.entry(key).or_insert(value);
        }
        Ok(Value::Map(entries))
    }
}

/// Takes in what stands at `<<`: of several maps, the first has the say.
fn merge(merged: &mut BTreeMap<String, Value>, value: Value) -> Result<(), String> {
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                merged.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::List(maps) if maps.iter().all(|map| matches!(map, Value::Map(_))) => {
            maps.into_iter().try_for_each(|map| merge(merged, map))
        }
        _ => Err("`<<` takes a mapping, or a list of them".to_owned()),
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.values().map(size).sum::<usize>(),
        _ => 0,
    }
}

/// A collection has no tag but its own.
fn untagged(tag: Option<&Tag>, own: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() || tag.suffix != own => Err(unknown(tag)),
        _ => Ok(()),
    }
}

fn unknown(tag: &Tag) -> String {
    format!("the tag `{}` has no meaning here", spelled(tag))
}

fn spelled(tag: &Tag) -> String {
    let handle = if tag.is_yaml_core_schema() { "!!" } else { &tag.handle };
    format!("{handle}{}", tag.suffix)
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Returned {
    let resolved = || if plain { resolve(text) } else { Ok(Value::string(text)) };
    let Some(tag) = tag else { return resolved() };
    let wanted = if tag.is_yaml_core_schema() { tag.suffix.as_str() } else { "" };
    let value = match wanted {
        "str" => return Ok(Value::string(text)),
        "null" | "bool" | "int" | "float" => resolve(text)?,
        _ => return Err(unknown(tag)),
    };
    match (wanted, &value) {
        ("null", Value::Null) | ("bool", Value::Bool(_)) | ("float", Value::Number(_)) => Ok(value),
        ("int", Value::Number(number)) if number.is_integer() => Ok(value),
        _ => Err(format!("`{text}` is not what its tag `{}` says", spelled(tag))),
    }
}

/// What a plain scalar is in the core schema (YAML 1.2.2, 10.3.2).
fn resolve(text: &str) -> Returned {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Value::Null),
        "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        _ if is_unbounded(text) => Err(format!("`{text}` is not a number of the language")),
        _ => Ok(number(text).map_or_else(|| Value::string(text), Value::Number)),
    }
}

fn is_unbounded(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Number> {
    let based = |digits: &str, radix| u64::from_str_radix(digits, radix).ok()?.to_string().parse().ok();
    if let Some(digits) = text.strip_prefix("0o") {
        return based(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return based(digits, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    // `.5` and `5.` are numbers there, and none of the language.
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let mantissa = match mantissa.split_once('.') {
        Some(("", "")) => return None,
        Some(("", fraction)) => format!("0.{fraction}"),
        Some((whole, "")) => whole.to_owned(),
        _ => mantissa.to_owned(),
    };
    let number = NumberLiteral::new(&format!("{mantissa}{exponent}"))?.value();
    Some(if text.starts_with('-') { -&number } else { number })
}
