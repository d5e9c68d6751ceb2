//! Operations on values whose parts may wait: done where enough is known, else kept as residuals. Evaluation and
//! resolving share them, so that a value is the same whether it is computed at plan or during apply.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, nearest};
use crate::explain::codes;
use crate::residual::Residual;
use crate::value::{Key, Value};

/// Why an operation on values failed; the place is added by whoever knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(text.into());
        self
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::new(codes::FAILED, message)
    }
}

pub(crate) type Outcome = Result<Residual, Fault>;

/// `of[key]`.
pub(crate) fn index(of: Residual, key: Residual) -> Outcome {
    let (of, hidden) = of.uncovered();
    let (key, hidden_key) = key.uncovered();
    if hidden || hidden_key {
        let quiet = |fault: Fault| Fault {
            message: "this cannot be read from a sensitive value".to_owned(),
            hint: None,
            ..fault
        };
        return index_plain(of, key).map(Residual::concealed).map_err(quiet);
    }
    index_plain(of, key)
}

fn index_plain(of: Residual, key: Residual) -> Outcome {
    match (&of, &key) {
        (Residual::Known(Value::Null), _) => {
            Err(Fault::new(codes::NULL, "this is null, so nothing can be read from it")
                .hint("test it first: `x != null ? x.name : …`, or use `try`"))
        }
        (_, Residual::Known(Value::String(name))) => match of.entries() {
            Some(entries) => entries.get(name).cloned().ok_or_else(|| missing_key(name, entries.keys())),
            None => by_name(of, name),
        },
        (_, Residual::Known(Value::Number(number))) => match of.items() {
            _ if of.is_set() => Err(Fault::new(codes::KEY, "a set has no positions")
                .hint("use `one(…)`, `tolist(…)` or `contains(…)`")),
            Some(items) => {
                let element = number.to_i64().and_then(|at| items.get(usize::try_from(at).ok()?));
                element.cloned().ok_or_else(|| {
                    Fault::new(codes::KEY, format!("there is no element {number}: {}", count(items.len())))
                })
            }
            None => match of.entries() {
                Some(entries) => {
                    index_plain(Residual::map(entries), Value::string(number.to_string()).into())
                }
                None if matches!(of, Residual::Known(_)) => Err(not_indexable(&of)),
                None => Ok(Residual::Index(Box::new(of), Box::new(key))),
            },
        },
        (Residual::Known(value), _) if !is_collection(value) => Err(not_indexable(&of)),
        (_, Residual::Known(other)) => {
            Err(Fault::new(codes::KEY, format!("{other} is no key: a string or a number is wanted")))
        }
        _ => Ok(Residual::Index(Box::new(of), Box::new(key))),
    }
}

/// `of.name` where `of` waits. References to whole objects inside are followed, so none is left behind.
fn by_name(of: Residual, name: &str) -> Outcome {
    let key = || Residual::Known(Value::string(name));
    match of {
        Residual::Attribute(reference) if reference.is_whole() => {
            Ok(Residual::Attribute(crate::residual::Reference { attribute: name.into(), ..reference }))
        }
        Residual::Conditional(condition, yes, no) => {
            Ok(Residual::Conditional(condition, Box::new(index(*yes, key())?), Box::new(index(*no, key())?)))
        }
        Residual::Known(_) | Residual::List(_) | Residual::Set(_) => Err(not_indexable(&of)),
        Residual::Index(collection, position) => match (collection.items(), collection.entries()) {
            (Some(items), _) => {
                let items = items.into_iter().map(|item| index(item, key())).collect::<Result<_, _>>()?;
                Ok(Residual::Index(Box::new(Residual::list(items)), position))
            }
            (_, Some(entries)) => {
                let entries = entries.into_iter().map(|(at, item)| Ok((at, index(item, key())?)));
                let entries = entries.collect::<Result<BTreeMap<_, _>, Fault>>()?;
                Ok(Residual::Index(Box::new(Residual::map(entries)), position))
            }
            _ => Ok(Residual::Index(Box::new(Residual::Index(collection, position)), Box::new(key()))),
        },
        waiting => Ok(Residual::Index(Box::new(waiting), Box::new(key()))),
    }
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Set(_) | Value::Map(_))
}

fn count(length: usize) -> String {
    match length {
        0 => "the list is empty".to_owned(),
        1 => "the list has one element".to_owned(),
        n => format!("the list has {n} elements"),
    }
}

fn not_indexable(of: &Residual) -> Fault {
    Fault::new(codes::KEY, format!("nothing can be read from {}", kind_of(of)))
}

fn missing_key<'a>(name: &str, keys: impl Iterator<Item = &'a String> + Clone) -> Fault {
    let fault = Fault::new(codes::KEY, format!("there is no `{}` here", Key(name)));
    match nearest(name, keys.clone().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if keys.clone().next().is_none() => fault.hint("the map is empty"),
        None => {
            let keys: Vec<String> = keys.take(12).map(|key| format!("`{key}`")).collect();
            fault.hint(format!("there are {}", keys.join(", ")))
        }
    }
}

/// What kind of value it is, for errors; says nothing of the value itself.
pub(crate) fn kind_of(residual: &Residual) -> &'static str {
    match residual {
        Residual::Known(Value::Null) => "null",
        Residual::Known(Value::Bool(_)) => "a boolean",
        Residual::Known(Value::Number(_)) => "a number",
        Residual::Known(Value::String(_)) => "a string",
        Residual::Known(Value::Quantity(_)) => "a quantity",
        Residual::Known(Value::List(_)) | Residual::List(_) => "a list",
        Residual::Known(Value::Set(_)) | Residual::Set(_) => "a set",
        Residual::Known(Value::Map(_)) | Residual::Map(_) => "an object",
        Residual::Known(Value::Sensitive(_) | Value::Sealed(_)) | Residual::Sensitive(_) => {
            "a sensitive value"
        }
        Residual::Attribute(reference) if reference.is_whole() => "a whole object",
        _ => "a value that is known only after apply",
    }
}

/// Whether a condition holds, `None` if it waits; and whether it is secret.
pub(crate) fn condition(residual: &Residual) -> Result<(Option<bool>, bool), Fault> {
    let (plain, hidden) = residual.clone().uncovered();
    match &plain {
        Residual::Known(Value::Bool(value)) => Ok((Some(*value), hidden)),
        Residual::Known(Value::Null) => Err(Fault::new(codes::NULL, "a condition cannot be null")),
        Residual::Known(_) | Residual::List(_) | Residual::Set(_) | Residual::Map(_) => {
            Err(Fault::new(codes::TYPE, format!("a condition is `true` or `false`, not {}", kind_of(&plain))))
        }
        _ => Ok((None, hidden)),
    }
}

/// The keys and elements a `for` runs over, in order; `None` if they are not known yet.
pub(crate) fn steps(collection: &Residual) -> Result<Option<Vec<(Value, Residual)>>, Fault> {
    let (plain, hidden) = collection.clone().uncovered();
    let cover = |value: Residual| if hidden { value.concealed() } else { value };
    if let Some(entries) = plain.entries() {
        return Ok(Some(
            entries.into_iter().map(|(key, value)| (Value::String(key), cover(value))).collect(),
        ));
    }
    if let Some(items) = plain.items() {
        let position = |at: usize, item: &Residual| match item.known() {
            Some(value) if plain.is_set() => value.clone(),
            _ => Value::int(at as i64),
        };
        let steps = items.into_iter().enumerate();
        return Ok(Some(steps.map(|(at, item)| (position(at, &item), cover(item))).collect()));
    }
    match &plain {
        Residual::Known(Value::Null) => {
            Err(Fault::new(codes::NULL, "null has no elements").hint("use `coalesce(x, [])`"))
        }
        Residual::Known(_) => Err(Fault::new(
            codes::TYPE,
            format!("`for` runs over lists, sets, maps and objects, not over {}", kind_of(&plain)),
        )),
        Residual::Attribute(reference) if reference.is_whole() => {
            Err(Fault::new(codes::TYPE, format!("`{reference}` is one object, not a collection")))
        }
        _ => Ok(None),
    }
}

/// What a `for` has made so far.
pub(crate) struct Gathered {
    object: bool,
    pub(crate) grouped: bool,
    items: Vec<Residual>,
    entries: BTreeMap<String, Vec<Residual>>,
    waits: bool,
    hidden: bool,
}

impl Gathered {
    pub(crate) fn new(object: bool, grouped: bool) -> Self {
        Self { object, grouped, items: Vec::new(), entries: BTreeMap::new(), waits: false, hidden: false }
    }

    /// Adds one step's result, unless its condition says no.
    pub(crate) fn add(
        &mut self,
        taken: Option<Residual>,
        key: Option<Residual>,
        value: Residual,
    ) -> Result<(), Fault> {
        match taken.as_ref().map(condition).transpose()? {
            None | Some((Some(true), false)) => {}
            Some((Some(true), true)) => self.hidden = true,
            Some((Some(false), hidden)) => {
                self.hidden |= hidden;
                return Ok(());
            }
            Some((None, _)) => self.waits = true,
        }
        match key {
            None if self.object => self.waits = true,
            None => self.items.push(value),
            Some(key) => self.add_entry(key, value)?,
        }
        Ok(())
    }

    fn add_entry(&mut self, key: Residual, value: Residual) -> Result<(), Fault> {
        let (key, hidden) = key.uncovered();
        self.hidden |= hidden;
        let key = match key {
            Residual::Known(Value::String(text)) => text,
            Residual::Known(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            Residual::Known(_) | Residual::List(_) | Residual::Map(_) | Residual::Set(_) => {
                return Err(Fault::new(codes::TYPE, format!("a key is a string, not {}", kind_of(&key))));
            }
            _ => {
                self.waits = true;
                return Ok(());
            }
        };
        let values = self.entries.entry(key.clone()).or_default();
        if !values.is_empty() && !self.grouped {
            let message = if hidden {
                "a key comes up twice".to_owned()
            } else {
                format!("the key `{}` comes up twice", Key(&key))
            };
            return Err(
                Fault::new(codes::FAILED, message).hint("gather equal keys with `...` behind the value")
            );
        }
        values.push(value);
        Ok(())
    }

    /// The result; `None` if a condition or key waits, so that the whole must.
    pub(crate) fn finish(self, collection: &Residual) -> Option<Residual> {
        if self.waits {
            return None;
        }
        let hidden = self.hidden || collection.clone().uncovered().1;
        let grouped = self.grouped;
        let entry = |mut values: Vec<Residual>| match values.pop() {
            Some(only) if !grouped => only,
            last => Residual::list(values.into_iter().chain(last).collect()),
        };
        let result = if self.object {
            Residual::map(self.entries.into_iter().map(|(key, values)| (key, entry(values))).collect())
        } else {
            Residual::list(self.items)
        };
        Some(if hidden { result.concealed() } else { result })
    }
}
