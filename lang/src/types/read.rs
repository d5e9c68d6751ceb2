//! Reading types: from `type = …` and `types { … }`, and from the strings of schemas and signatures.

use std::collections::BTreeMap;

use super::{Bounds, Field, Lengths, Text, Type, convert_value, prelude};
use crate::ast::{Call, Expr, ExprKind, Ident};
use crate::constant::constant;
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::KindName;
use crate::number::Number;
use crate::schema::SchemaSet;
use crate::span::FileId;
use crate::value::{Dimension, Value};

/// The names a type may use beside the language's own.
pub(crate) trait TypeNames {
    /// The type of that name; `None` if there is none.
    fn named(&self, name: &str) -> Option<Type>;
    /// Whether it is a kind.
    fn is_kind(&self, name: &str) -> bool;
    /// All names, for suggestions.
    fn names(&self) -> Vec<String>;
    /// The types of a library, and whether all of them are known; `None` if there is no such library.
    fn library(&self, _name: &str) -> Option<(&BTreeMap<String, Type>, bool)> {
        None
    }
    /// The libraries, for suggestions.
    fn libraries(&self) -> Vec<String> {
        Vec::new()
    }
}

/// In schemas and signatures every other name is a kind.
struct Schematic;

impl TypeNames for Schematic {
    fn named(&self, _name: &str) -> Option<Type> {
        None
    }

    fn is_kind(&self, _name: &str) -> bool {
        true
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Type {
    /// Reads a type in the language's spelling, such as `set(one_of(id(scaling_policy), arn))`. Names outside the
    /// prelude are taken for kinds.
    ///
    /// # Errors
    /// One sentence on what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let first =
            |errors: Vec<Diagnostic>| errors.into_iter().next().map_or(String::new(), |error| error.message);
        let expr = crate::parse::parse_expression(FileId(0), text).map_err(first)?;
        read_type(&expr, &Schematic).map_err(|error| error.map_or(String::new(), |error| error.message))
    }
}

type Read = Result<Type, Option<Diagnostic>>;

const SIMPLE: &[&str] = &["any", "bool", "string", "number", "int", "duration", "size", "percent"];
const COMPOUND: &[&str] =
    &["list", "set", "map", "tuple", "object", "optional", "enum", "nullable", "sensitive", "one_of", "id"];

/// The type an expression spells; `None` in an error where it did not parse, which has been reported.
pub(crate) fn read_type(expr: &Expr, names: &dyn TypeNames) -> Read {
    match &expr.kind {
        ExprKind::Invalid => Err(None),
        ExprKind::Wrapped(_, inner) => read_type(inner, names),
        ExprKind::Name(name) => simple(name.as_str())
            .or_else(|| names.named(name.as_str()))
            .or_else(|| prelude(name.as_str()))
            .or_else(|| names.is_kind(name.as_str()).then(|| Type::Kind(KindName::new(name.as_str()))))
            .ok_or_else(|| Some(unknown(expr, name.as_str(), names))),
        ExprKind::String(text) if simple(text).is_some() => {
            Err(Some(wrong(expr, "a type stands without quotes").fix(expr.span, text.as_str())))
        }
        ExprKind::Attribute(library, name) => read_from_library(expr, library, name, names),
        ExprKind::Call(call) if call.namespace.is_empty() => read_call(expr, call, names),
        _ => Err(Some(wrong(expr, "this is not a type"))),
    }
}

fn simple(name: &str) -> Option<Type> {
    Some(match name {
        "any" => Type::Any,
        "bool" => Type::Bool,
        "string" => Type::string(),
        "number" => Type::number(),
        "int" => Type::int(),
        "duration" => Type::quantity(Dimension::Duration),
        "size" => Type::quantity(Dimension::Size),
        "percent" => Type::quantity(Dimension::Percent),
        _ => return None,
    })
}

/// `library.NAME`.
fn read_from_library(expr: &Expr, library: &Expr, name: &Ident, names: &dyn TypeNames) -> Read {
    let Some(library) = library.as_name() else { return Err(Some(wrong(expr, "this is not a type"))) };
    let Some((types, complete)) = names.library(library.as_str()) else {
        let known = names.libraries();
        let known = known.iter().map(String::as_str);
        return Err(Some(crate::check::unknown_library(library.as_str(), library.span, known)));
    };
    match types.get(name.as_str()) {
        Some(ty) => Ok(ty.clone()),
        None if !complete => Err(None),
        None => {
            let error = Diagnostic::error(
                codes::TYPE_EXPRESSION,
                name.span,
                format!("the library `{library}` has no type `{name}`"),
            );
            Err(Some(match nearest(name.as_str(), types.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(name.span, near),
                None => error,
            }))
        }
    }
}

fn unknown(expr: &Expr, name: &str, names: &dyn TypeNames) -> Diagnostic {
    let declared = names.names();
    let all = SIMPLE
        .iter()
        .chain(COMPOUND)
        .chain(super::PRELUDE)
        .copied()
        .chain(declared.iter().map(String::as_str));
    let error = wrong(expr, &format!("there is no type `{name}`"));
    match nearest(name, all) {
        Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(expr.span, near),
        None if COMPOUND.contains(&name) => error.hint(format!("say of what: `{name}(…)`")),
        None => error,
    }
}

fn wrong(expr: &Expr, message: &str) -> Diagnostic {
    Diagnostic::error(codes::TYPE_EXPRESSION, expr.span, message)
}

fn read_call(expr: &Expr, call: &Call, names: &dyn TypeNames) -> Read {
    let arguments = &call.arguments;
    let inner = |at: usize| match arguments.get(at) {
        Some(argument) => read_type(argument, names),
        None => Err(Some(wrong(expr, &format!("`{}` needs a type", call.name)))),
    };
    match (call.name.as_str(), arguments.len()) {
        ("list", 1 | 3) => Ok(Type::List(Box::new(inner(0)?), read_lengths(&arguments[1..])?)),
        ("set", 1) => inner(0).map(Type::set),
        ("map", 1) => inner(0).map(Type::map),
        ("nullable", 1) => inner(0).map(Type::nullable),
        ("sensitive", 1) => Ok(Type::Sensitive(Box::new(inner(0)?))),
        ("one_of", 1..) => {
            let types = arguments.iter().map(|argument| read_type(argument, names));
            Ok(Type::OneOf(types.collect::<Result<_, _>>()?))
        }
        ("tuple", 1) => read_tuple(&arguments[0], names),
        ("object", 1) => read_object(&arguments[0], names),
        ("enum", 1..) => {
            Ok(Type::String(Text::Enum(arguments.iter().map(read_text).collect::<Result<_, _>>()?)))
        }
        ("string", 1) => read_pattern(&arguments[0]),
        ("id", 1) => read_id(&arguments[0], names),
        ("int", 2) => Ok(Type::Number { integer: true, bounds: read_bounds(arguments, &Type::number())? }),
        ("number", 2) => {
            Ok(Type::Number { integer: false, bounds: read_bounds(arguments, &Type::number())? })
        }
        ("duration", 2) => read_quantity(arguments, Dimension::Duration),
        ("size", 2) => read_quantity(arguments, Dimension::Size),
        ("percent", 2) => read_quantity(arguments, Dimension::Percent),
        ("optional", _) => Err(Some(
            wrong(expr, "only fields of an `object({ … })` may be optional")
                .hint("a value that may be null is a `nullable(T)`"),
        )),
        (name, count) if simple(name).is_some() || COMPOUND.contains(&name) => Err(Some(wrong(
            expr,
            &format!("`{name}` does not take {count} argument{}", if count == 1 { "" } else { "s" }),
        ))),
        (name, _) => Err(Some(unknown(expr, name, names))),
    }
}

fn read_text(expr: &Expr) -> Result<String, Option<Diagnostic>> {
    expr.as_string().map(str::to_owned).ok_or_else(|| Some(wrong(expr, "a string literal is wanted here")))
}

fn read_pattern(expr: &Expr) -> Read {
    let pattern = read_text(expr)?;
    match regex::Regex::new(&pattern) {
        Ok(_) => Ok(Type::String(Text::Pattern { name: None, pattern })),
        Err(_) => Err(Some(wrong(expr, &format!("`{pattern}` is not a regular expression")))),
    }
}

fn read_id(expr: &Expr, names: &dyn TypeNames) -> Read {
    match expr.as_name() {
        Some(name) if names.is_kind(name.as_str()) => {
            Ok(Type::String(Text::Id(KindName::new(name.as_str()))))
        }
        Some(name) => Err(Some(wrong(expr, &format!("there is no kind `{name}`")))),
        None => Err(Some(wrong(expr, "`id` takes a kind: `id(elb)`"))),
    }
}

fn read_lengths(ends: &[Expr]) -> Result<Lengths, Option<Diagnostic>> {
    let [min, max] = ends else { return Ok(Lengths::default()) };
    let end = |expr: &Expr| match constant(expr)? {
        Value::Null => Ok(None),
        Value::Number(number) => match number.to_i64().and_then(|length| usize::try_from(length).ok()) {
            Some(length) => Ok(Some(length)),
            None => Err(Some(wrong(expr, "a length is a whole number"))),
        },
        _ => Err(Some(wrong(expr, "a length is a whole number or null"))),
    };
    Ok(Lengths { min: end(min)?, max: end(max)? })
}

/// The two ends of a range, each a literal of the base type or null.
fn read_bounds(ends: &[Expr], base: &Type) -> Result<Bounds, Option<Diagnostic>> {
    let end = |expr: &Expr| -> Result<Option<Number>, Option<Diagnostic>> {
        let value = constant(expr)?;
        if value == Value::Null {
            return Ok(None);
        }
        match convert_value(&value, base, &SchemaSet::default()) {
            Ok(Value::Number(number)) => Ok(Some(number)),
            Ok(Value::Quantity(quantity)) => Ok(Some(quantity.amount)),
            _ => Err(Some(wrong(expr, &format!("a bound is a `{base}` or null")))),
        }
    };
    match ends {
        [min, max] => Ok(Bounds { min: end(min)?, max: end(max)? }),
        _ => Ok(Bounds::default()),
    }
}

fn read_quantity(ends: &[Expr], dimension: Dimension) -> Read {
    Ok(Type::Quantity { dimension, bounds: read_bounds(ends, &Type::quantity(dimension))? })
}

fn read_tuple(expr: &Expr, names: &dyn TypeNames) -> Read {
    match &expr.bare().kind {
        ExprKind::Tuple(items) => {
            let items = items.iter().map(|item| read_type(item, names));
            Ok(Type::Tuple(items.collect::<Result<_, _>>()?))
        }
        _ => Err(Some(wrong(expr, "`tuple` takes a list of types: `tuple([string, int])`"))),
    }
}

fn read_object(expr: &Expr, names: &dyn TypeNames) -> Read {
    let ExprKind::Object(entries) = &expr.bare().kind else {
        return Err(Some(wrong(expr, "`object` takes fields: `object({ name = string })`")));
    };
    let mut fields = BTreeMap::new();
    for entry in entries {
        let name = entry.key.literal().ok_or_else(|| Some(wrong(expr, "the name of a field is a word")))?;
        fields.insert(name.to_owned(), read_field(&entry.value, names)?);
    }
    Ok(Type::object(fields))
}

fn read_field(expr: &Expr, names: &dyn TypeNames) -> Result<Field, Option<Diagnostic>> {
    match &expr.bare().kind {
        ExprKind::Call(call) if call.name.as_str() == "optional" => match call.arguments.as_slice() {
            [ty] => Ok(Field { ty: read_type(ty, names)?, optional: true, default: None }),
            [ty, default] => {
                let ty = read_type(ty, names)?;
                let value = convert_value(&constant(default)?, &ty, &SchemaSet::default());
                let value = value.map_err(|error| Some(wrong(default, &error.to_string())))?;
                Ok(Field { ty, optional: true, default: Some(value) })
            }
            _ => Err(Some(wrong(expr, "`optional` takes a type and perhaps a default"))),
        },
        _ => Ok(Field { ty: read_type(expr, names)?, optional: false, default: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_read_back() {
        for text in [
            "set(one_of(id(scaling_policy), arn))",
            "int(0, null)",
            "duration(5s, 5m)",
            "enum(\"a\", \"b\")",
            "object({ a = string, b = optional(int), c = optional(size, 8GiB) })",
            "list(string, 1, null)",
            "nullable(sensitive(string))",
            "tuple([string, map(any)])",
            "string(\"^a+$\")",
            "percent(0%, 100%)",
            "elb",
            "cidr4",
        ] {
            assert_eq!(Type::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, message) in [
            ("lst(string)", "there is no type `lst`"),
            ("list(string, 1)", "`list` does not take 2 arguments"),
            ("int(1s, 2)", "a bound is a `number` or null"),
            ("id(\"elb\")", "`id` takes a kind: `id(elb)`"),
            ("string(\"(\")", "`(` is not a regular expression"),
        ] {
            assert_eq!(Type::parse(text).expect_err(text), message);
        }
    }
}
