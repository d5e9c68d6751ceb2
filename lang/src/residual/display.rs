//! Residuals in the language's spelling.

use std::fmt;

use super::resolve::ephemeral;
use super::{Comprehension, Reference, Residual};
use crate::value::{Key, Value};

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            write!(f, "{}", self.object)
        } else {
            write!(f, "{}.{}", self.object, self.attribute)
        }
    }
}

impl fmt::Display for Residual {
    /// The expression that is left; secrets as `(sensitive)`, or by the ephemeral variable that they come of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => write!(f, "{value}"),
            Self::List(items) | Self::Set(items) => write!(f, "[{}]", joined(items)),
            Self::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{} = {value}", Key(key))).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
            Self::Sensitive(inner) => match ephemeral(inner) {
                Some(name) => write!(f, "(ephemeral: var.{name})"),
                None => f.write_str("(sensitive)"),
            },
            Self::Ephemeral(name) => write!(f, "(ephemeral: var.{name})"),
            Self::Attribute(reference) => write!(f, "{reference}"),
            Self::Index(of, key) => write_index(f, of, key),
            Self::Call(name, arguments) => write_call(f, name, arguments),
            Self::Conditional(condition, yes, no) => write!(f, "{condition} ? {yes} : {no}"),
            Self::For(each) => write_for(f, each),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// What people are shown in place of a value that waits: `(known after apply: elb.web.dns_name)`.
pub struct Waiting<'a>(pub &'a Residual);

impl fmt::Display for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Residual::Known(value) => write!(f, "{value}"),
            secret @ (Residual::Sensitive(_) | Residual::Ephemeral(_)) => write!(f, "{secret}"),
            waiting => write!(f, "(known after apply: {waiting})"),
        }
    }
}

fn joined(items: &[Residual]) -> String {
    items.iter().map(Residual::to_string).collect::<Vec<_>>().join(", ")
}

fn write_index(f: &mut fmt::Formatter<'_>, of: &Residual, key: &Residual) -> fmt::Result {
    match key {
        Residual::Known(Value::String(name)) => match Key(name).to_string() {
            quoted if quoted.starts_with('"') => write!(f, "{of}[{quoted}]"),
            word => write!(f, "{of}.{word}"),
        },
        key => write!(f, "{of}[{key}]"),
    }
}

fn write_call(f: &mut fmt::Formatter<'_>, name: &str, arguments: &[Residual]) -> fmt::Result {
    let operator = !name.starts_with(|c: char| c.is_alphabetic());
    match arguments {
        parts if name == "template" => {
            f.write_str("\"")?;
            parts.iter().try_for_each(|part| write_part(f, part))?;
            f.write_str("\"")
        }
        // An object some of whose keys wait.
        [Residual::List(keys), values] if name == "zipmap" && values.items().is_some() => {
            let values = values.items().unwrap_or_default();
            let entries = keys.iter().zip(&values).map(|(key, value)| format!("({key}) = {value}"));
            write!(f, "{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        [operand] if operator => write!(f, "{name}{operand}"),
        [left, right] if operator => write!(f, "{} {name} {}", Operand(left), Operand(right)),
        _ => write!(f, "{name}({})", joined(arguments)),
    }
}

/// An operand, in parentheses if it is itself an operation.
struct Operand<'a>(&'a Residual);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compound = match self.0 {
            Residual::Call(name, _) => !name.starts_with(|c: char| c.is_alphabetic()),
            Residual::Conditional(..) => true,
            _ => false,
        };
        if compound { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

fn write_part(f: &mut fmt::Formatter<'_>, part: &Residual) -> fmt::Result {
    match part {
        Residual::Known(text @ Value::String(_)) => {
            let quoted = text.to_string();
            f.write_str(&quoted[1..quoted.len() - 1])
        }
        part => write!(f, "${{{part}}}"),
    }
}

fn write_for(f: &mut fmt::Formatter<'_>, each: &Comprehension) -> fmt::Result {
    let key = each.key.as_ref().map_or(String::new(), |key| format!("{key}, "));
    let head = format!("for {key}{} in {} :", each.value, each.collection);
    let condition = each.condition.as_ref().map_or(String::new(), |condition| format!(" if {condition}"));
    let grouped = if each.grouped { "..." } else { "" };
    match &each.result_key {
        Some(key) => write!(f, "{{ {head} {key} => {}{grouped}{condition} }}", each.result),
        None => write!(f, "[{head} {}{condition}]", each.result),
    }
}
