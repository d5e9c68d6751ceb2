//! The builtin functions: one table, and how they are called.
//!
//! A function works on known values, or on shapes: collections whose elements may wait. Where what it needs is not
//! known yet, the call itself is kept as a residual.

mod collections;
mod encoding;
mod examples;
mod files;
mod hash;
mod network;
mod numbers;
mod operators;
mod ours;
mod shapes;
mod signature;
mod strings;
mod text;
mod time;
mod types;
mod yaml;

use crate::diagnostic::Code;
use crate::explain::codes;
use crate::inputs::Files;
use crate::partial::{Fault, Outcome, kind_of};
use crate::residual::Residual;
use crate::schema::SchemaSet;
use crate::types::{Type, convert_value};
use crate::value::Value;

pub use examples::{Example, example};
pub(crate) use files::read_text;
pub(crate) use operators::{binary, unary};
pub(crate) use signature::Signature;

/// One builtin function, for the reference page and for callers.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters and result, such as `(text: string, ...rest: string) -> string`.
    pub signature: &'static str,
    /// What it does, in one sentence of Markdown.
    pub doc: &'static str,
    body: Body,
}

/// What a function reads besides its arguments.
pub(crate) struct Surroundings<'a> {
    pub(crate) files: &'a dyn Files,
    /// The directory that paths start from, relative to the project; empty for its root.
    pub(crate) directory: &'a str,
    pub(crate) timestamp: &'a str,
}

type Returned = Result<Value, String>;

/// How a function is carried out.
enum Body {
    /// On known values; secret arguments give a secret result.
    Values(fn(&Arguments) -> Returned),
    /// On collections whose elements may wait; `None` if the call must wait.
    Shapes(fn(&[Residual]) -> Result<Option<Residual>, String>),
    /// On one value with its label of secrecy.
    Labels(fn(Residual) -> Residual),
    /// Reads files or the time: its arguments must be known at plan.
    Reads(fn(&Surroundings<'_>, &Arguments) -> Result<Value, Fault>),
    /// Carried out by evaluation itself: it decides on its arguments' evaluation, or reads the configuration.
    Special,
}

const fn values(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    body: fn(&Arguments) -> Returned,
) -> Function {
    Function { name, signature, doc, body: Body::Values(body) }
}

const fn shapes(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    body: fn(&[Residual]) -> Result<Option<Residual>, String>,
) -> Function {
    Function { name, signature, doc, body: Body::Shapes(body) }
}

const fn labels(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    body: fn(Residual) -> Residual,
) -> Function {
    Function { name, signature, doc, body: Body::Labels(body) }
}

const fn reads(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    body: fn(&Surroundings<'_>, &Arguments) -> Result<Value, Fault>,
) -> Function {
    Function { name, signature, doc, body: Body::Reads(body) }
}

const fn special(name: &'static str, signature: &'static str, doc: &'static str) -> Function {
    Function { name, signature, doc, body: Body::Special }
}

const TOPICS: &[&[Function]] = &[
    numbers::FUNCTIONS,
    strings::FUNCTIONS,
    text::FUNCTIONS,
    shapes::FUNCTIONS,
    collections::FUNCTIONS,
    encoding::FUNCTIONS,
    yaml::FUNCTIONS,
    files::FUNCTIONS,
    time::FUNCTIONS,
    hash::FUNCTIONS,
    network::FUNCTIONS,
    types::FUNCTIONS,
    ours::FUNCTIONS,
];

/// All builtin functions, by topic.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    TOPICS.iter().flat_map(|topic| topic.iter())
}

/// The function of that name.
pub(crate) fn function(name: &str) -> Option<&'static Function> {
    functions().find(|function| function.name == name)
}

impl Function {
    /// Whether it takes collections apart and puts their elements together, so that a secret element leaves the
    /// others what they are.
    pub(crate) fn keeps_parts(&self) -> bool {
        matches!(self.body, Body::Shapes(_) | Body::Labels(_))
    }

    /// Whether it reads files or the time, so that its arguments must be known at plan.
    pub(crate) fn reads(&self) -> bool {
        matches!(self.body, Body::Reads(_))
    }
}

/// The arguments of a call, each of the type its signature declares.
pub(crate) struct Arguments(Vec<Value>);

impl Arguments {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn value(&self, at: usize) -> Result<&Value, String> {
        self.0.get(at).ok_or_else(|| format!("argument {} is missing", at + 1))
    }

    fn text(&self, at: usize) -> Result<&str, String> {
        self.value(at)?.as_str().ok_or_else(|| format!("argument {} is not a string", at + 1))
    }

    fn int(&self, at: usize) -> Result<i64, String> {
        self.number(at)?.to_i64().ok_or_else(|| format!("argument {} is too large", at + 1))
    }

    fn number(&self, at: usize) -> Result<&crate::number::Number, String> {
        match self.value(at)? {
            Value::Number(number) => Ok(number),
            _ => Err(format!("argument {} is not a number", at + 1)),
        }
    }

    /// The elements of a list or set.
    fn items(&self, at: usize) -> Result<Vec<&Value>, String> {
        match self.value(at)? {
            Value::List(items) => Ok(items.iter().collect()),
            Value::Set(items) => Ok(items.iter().collect()),
            _ => Err(format!("argument {} is not a list", at + 1)),
        }
    }

    fn texts(&self, at: usize) -> Result<Vec<&str>, String> {
        let texts = self.items(at)?.into_iter().map(Value::as_str);
        texts.collect::<Option<_>>().ok_or_else(|| format!("argument {} is not a list of strings", at + 1))
    }

    fn rest(&self, from: usize) -> &[Value] {
        self.0.get(from..).unwrap_or_default()
    }
}

/// Calls a function or operator that reads nothing, as residuals do.
pub(crate) fn apply(name: &str, arguments: Vec<Residual>) -> Outcome {
    call(name, arguments, None)
}

/// Calls a function or operator. Without surroundings nothing is read.
pub(crate) fn call(name: &str, arguments: Vec<Residual>, surroundings: Option<&Surroundings<'_>>) -> Outcome {
    if let Some(outcome) = operators::apply(name, &arguments) {
        return outcome;
    }
    let Some(function) = function(name) else {
        return Err(Fault::new(codes::UNKNOWN_FUNCTION, format!("there is no function `{name}`")));
    };
    let arguments = converted(function, arguments)?;
    match function.body {
        Body::Shapes(body) => {
            let (plain, hidden): (Vec<_>, Vec<_>) =
                arguments.iter().cloned().map(Residual::uncovered).unzip();
            let outcome = body(&plain).map_err(|reason| failed(name, reason, &arguments))?;
            let result = outcome.unwrap_or_else(|| Residual::Call(name.to_owned(), plain));
            Ok(if hidden.contains(&true) { result.concealed() } else { result })
        }
        Body::Labels(body) => arguments.into_iter().next().map(body).ok_or_else(|| wrong_count(function, 0)),
        Body::Values(body) => match revealed(&arguments) {
            Some((values, hidden)) => {
                let value = body(&Arguments(values)).map_err(|reason| failed(name, reason, &arguments))?;
                Ok(if hidden { Residual::from(value).concealed() } else { value.into() })
            }
            None => Ok(Residual::Call(name.to_owned(), arguments)),
        },
        Body::Reads(body) => match (revealed(&arguments), surroundings) {
            (Some((values, hidden)), Some(surroundings)) => {
                let value = body(surroundings, &Arguments(values))?;
                Ok(if hidden { Residual::from(value).concealed() } else { value.into() })
            }
            _ => Err(Fault::new(codes::SETTING, format!("the arguments of `{name}` must be known at plan"))),
        },
        Body::Special => Err(Fault::new(codes::FAILED, format!("`{name}` cannot be called here"))),
    }
}

/// An error does not quote a secret.
fn failed(name: &str, reason: String, arguments: &[Residual]) -> Fault {
    let hidden = arguments.iter().any(Residual::is_sensitive);
    Fault::from(if hidden {
        format!("`{name}` fails on a sensitive value")
    } else {
        format!("`{name}`: {reason}")
    })
}

/// The arguments as values without labels, and whether any had one; `None` if one waits.
fn revealed(arguments: &[Residual]) -> Option<(Vec<Value>, bool)> {
    let hidden = arguments.iter().any(Residual::is_sensitive);
    let values = arguments.iter().map(|argument| Some(deep_revealed(argument.known()?)));
    Some((values.collect::<Option<_>>()?, hidden))
}

/// The value with every label in it removed.
pub(crate) fn deep_revealed(value: &Value) -> Value {
    match value.revealed() {
        Value::List(items) => Value::List(items.iter().map(deep_revealed).collect()),
        Value::Set(items) => Value::Set(items.iter().map(deep_revealed).collect()),
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), deep_revealed(value))).collect())
        }
        plain => plain.clone(),
    }
}

/// The arguments as the signature wants them: their number, and the types of those that are known.
fn converted(function: &Function, arguments: Vec<Residual>) -> Result<Vec<Residual>, Fault> {
    let signature = Signature::of(function);
    if !signature.takes(arguments.len()) {
        return Err(wrong_count(function, arguments.len()));
    }
    let schemas = SchemaSet::default();
    let convert = |(at, argument): (usize, Residual)| match (&argument, signature.parameter(at)) {
        (_, None) => Ok(argument),
        (Residual::Known(value), Some(parameter)) => {
            let value = convert_value(value, &parameter.ty, &schemas);
            value
                .map(Residual::Known)
                .map_err(|error| wrong_argument(function, &parameter.name, &error.to_string()))
        }
        (_, Some(parameter)) if !may_become(&argument, &parameter.ty) => Err(wrong_argument(
            function,
            &parameter.name,
            &format!("`{}` is wanted, not {}", parameter.ty, kind_of(&argument)),
        )),
        _ => Ok(argument),
    };
    arguments.into_iter().enumerate().map(convert).collect()
}

/// Whether a waiting argument may be of the type, as far as its form tells.
fn may_become(argument: &Residual, wanted: &Type) -> bool {
    match (argument, wanted.core()) {
        (Residual::Attribute(reference), Type::Any | Type::Kind(_)) if reference.is_whole() => true,
        (Residual::Attribute(reference), _) => !reference.is_whole(),
        (Residual::List(_) | Residual::Set(_), wanted) => {
            matches!(wanted, Type::Any | Type::List(..) | Type::Set(_) | Type::Tuple(_))
        }
        (Residual::Map(_), wanted) => matches!(wanted, Type::Any | Type::Map(_) | Type::Object(_)),
        _ => true,
    }
}

fn wrong_count(function: &Function, given: usize) -> Fault {
    let message =
        format!("`{}` does not take {given} argument{}", function.name, if given == 1 { "" } else { "s" });
    Fault::new(codes::ARGUMENTS, message).hint(format!("it is `{}{}`", function.name, function.signature))
}

fn wrong_argument(function: &Function, parameter: &str, reason: &str) -> Fault {
    const CODE: Code = codes::ARGUMENTS;
    Fault::new(CODE, format!("argument `{parameter}` of `{}`: {reason}", function.name))
        .hint(format!("it is `{}{}`", function.name, function.signature))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::functions;

    /// The functions that the specification lists.
    const SPECIFIED: &str = "
        abs ceil floor max min parseint sum
        chomp endswith format formatlist indent join lower regex regexall replace split startswith strcontains substr
        title trim trimprefix trimspace trimsuffix upper
        alltrue anytrue coalesce compact concat contains distinct element flatten index keys length lookup merge one
        range reverse setintersection setproduct setsubtract setunion slice sort values zipmap
        base64decode base64encode base64gzip jsondecode jsonencode urlencode yamldecode
        basename dirname file filebase64 fileexists filesha256 fileset templatefile
        formatdate plantimestamp timeadd timecmp
        base64sha256 md5 sha1 sha256 sha512
        cidrcontains cidrhost cidrsubnet cidrsubnets
        can convert issensitive nonsensitive sensitive tobool tolist tomap tonumber toset tostring try
        ratio in_unit digest inherit
    ";

    #[test]
    fn there_are_the_functions_specified_and_no_others() {
        let known: BTreeSet<&str> = functions().map(|function| function.name).collect();
        let specified: BTreeSet<&str> = SPECIFIED.split_whitespace().collect();
        let apart: Vec<_> = known.symmetric_difference(&specified).collect();
        assert!(apart.is_empty(), "{apart:?}");
    }
}
