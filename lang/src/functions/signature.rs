//! The signatures of builtin functions, read from the text the reference page shows.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Function, functions};
use crate::types::Type;

/// The parameters of a function and the type of its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) result: Type,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) ty: Type,
    /// `name?`: may be left out.
    pub(crate) optional: bool,
    /// `...name`: none, one or more, each of the type.
    pub(crate) rest: bool,
}

static SIGNATURES: LazyLock<BTreeMap<&'static str, Signature>> = LazyLock::new(|| {
    let read = |function: &'static Function| Some((function.name, read(function.signature)?));
    functions().filter_map(read).collect()
});

/// What a signature that cannot be read would be; a test sees to it that there is none.
static ANY: Signature = Signature { parameters: Vec::new(), result: Type::Any };

impl Signature {
    /// The signature of a builtin.
    pub(crate) fn of(function: &Function) -> &'static Self {
        SIGNATURES.get(function.name).unwrap_or(&ANY)
    }

    /// Whether so many arguments may be given.
    pub(crate) fn takes(&self, count: usize) -> bool {
        let required =
            self.parameters.iter().filter(|parameter| !parameter.optional && !parameter.rest).count();
        let open = self.parameters.last().is_some_and(|parameter| parameter.rest);
        count >= required && (open || count <= self.parameters.len())
    }

    /// The parameter that argument `at` is for.
    pub(crate) fn parameter(&self, at: usize) -> Option<&Parameter> {
        self.parameters.get(at).or(self.parameters.last().filter(|parameter| parameter.rest))
    }
}

fn read(text: &str) -> Option<Signature> {
    let (parameters, result) = text.strip_prefix('(')?.rsplit_once(") -> ")?;
    let parameters = split(parameters).into_iter().map(read_parameter).collect::<Option<_>>()?;
    Some(Signature { parameters, result: Type::parse(result).ok()? })
}

fn read_parameter(text: &str) -> Option<Parameter> {
    let (name, ty) = text.split_once(':')?;
    let rest = name.starts_with("...");
    let optional = name.ends_with('?');
    let name = name.trim_start_matches("...").trim_end_matches('?').trim().to_owned();
    Some(Parameter { name, ty: Type::parse(ty.trim()).ok()?, optional, rest })
}

/// Splits at commas that stand in no bracket.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_can_be_read() {
        for function in functions() {
            assert!(read(function.signature).is_some(), "{}{}", function.name, function.signature);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = functions().map(|function| function.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
