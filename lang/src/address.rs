//! Which object of a project: `module.m["k"].elb.web["a"]`. Positions are no identity.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::{Identifier, KindName};

/// Whether an object is ours to change or only looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Declared by a kind's block: created, changed and destroyed by us.
    Managed,
    /// Declared by a `data` block: only read.
    Data,
}

/// One module call on the way from the root, with its key under `for_each`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleStep {
    /// The label of the `module` block.
    pub name: Identifier,
    /// The instance's key, if the block has `for_each`.
    pub key: Option<String>,
}

/// The identity of one object of a project.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The modules around it, outermost first; empty in the root.
    pub module: Vec<ModuleStep>,
    /// Managed or looked up.
    pub mode: Mode,
    /// Its kind.
    pub kind: KindName,
    /// The block's label.
    pub name: Identifier,
    /// The instance's key, if the block has `for_each`.
    pub key: Option<String>,
}

impl Address {
    /// The managed object `kind.name` of the root module.
    pub fn managed(kind: impl AsRef<str>, name: impl AsRef<str>) -> Self {
        Self {
            module: Vec::new(),
            mode: Mode::Managed,
            kind: KindName::new(kind),
            name: Identifier::new(name),
            key: None,
        }
    }

    /// The same block's instance `key`.
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Reads what `Display` writes; `None` if the text is no address.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut module = Vec::new();
        while let Some(after) = rest.strip_prefix("module.") {
            let (name, key, tail) = segment(after)?;
            module.push(ModuleStep { name: Identifier::new(name), key });
            rest = tail.strip_prefix('.')?;
        }
        let (mode, rest) = match rest.strip_prefix("data.") {
            Some(rest) => (Mode::Data, rest),
            None => (Mode::Managed, rest),
        };
        let (kind, rest) = rest.split_once('.')?;
        let (name, key, tail) = segment(rest)?;
        let whole = tail.is_empty() && is_word(kind);
        whole.then(|| Self { module, mode, kind: KindName::new(kind), name: Identifier::new(name), key })
    }
}

/// Splits `name["key"]…` into the name, the key and what follows.
fn segment(text: &str) -> Option<(&str, Option<String>, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !is_word(name) {
        return None;
    }
    let Some(quoted) = rest.strip_prefix('[') else { return Some((name, None, rest)) };
    let mut keys = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
    let key = keys.next()?.ok()?;
    let rest = quoted[keys.byte_offset()..].strip_prefix(']')?;
    Some((name, Some(key), rest))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn write_key(f: &mut fmt::Formatter<'_>, key: Option<&String>) -> fmt::Result {
    match key {
        // JSON's escapes are the language's own.
        Some(key) => write!(f, "[{}]", serde_json::Value::from(key.as_str())),
        None => Ok(()),
    }
}

impl fmt::Display for ModuleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "module.{}", self.name)?;
        write_key(f, self.key.as_ref())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.module.iter().try_for_each(|step| write!(f, "{step}."))?;
        if self.mode == Mode::Data {
            f.write_str("data.")?;
        }
        write!(f, "{}.{}", self.kind, self.name)?;
        write_key(f, self.key.as_ref())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an address")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "elb.web",
            "subnet.public[\"a\"]",
            "module.m[\"k.]\\\"\"].data.ami.base",
            "module.a.module.b.vpc.x",
        ] {
            assert_eq!(Address::parse(text).expect(text).to_string(), text);
        }
        for text in ["", "elb", "elb.", "elb.web[", "elb.web[1]", "elb.web.id", "module.m"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
