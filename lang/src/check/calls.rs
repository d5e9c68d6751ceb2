//! Calls of functions: their arguments, and the types of their results.

use std::collections::BTreeMap;

use super::Checker;
use super::cycles::Node;
use super::scope::Scope;
use crate::ast::{Call, Expr};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::functions::{Function, Signature, function, functions};
use crate::program::{Module, UserFunction};
use crate::types::{Field, Type, any_of, read_type};

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &Call, expr: &Expr, scope: &Scope) -> Type {
        if !call.namespace.is_empty() {
            return self.library_call(call, expr, scope);
        }
        match (call.name.as_str(), self.module.functions.get(&call.name.name)) {
            (_, Some(function)) => {
                self.edge(Node::Function(call.name.name.clone()), call.name.span);
                self.user_call(function, call, expr, scope);
                self.function_result(&call.name.name)
            }
            ("try" | "can", None) => self.attempts(call, scope),
            ("convert", None) => self.convert(call, expr, scope),
            (name, None) => match function(name) {
                Some(function) => self.builtin(function, call, expr, scope),
                None => self.unknown_function(call, scope),
            },
        }
    }

    fn unknown_function(&mut self, call: &Call, scope: &Scope) -> Type {
        for argument in &call.arguments {
            self.infer(argument, scope);
        }
        if !self.module.complete {
            return Type::never();
        }
        let own = self.module.functions.keys().map(|name| name.as_str());
        let near = nearest(call.name.as_str(), own.chain(functions().map(|function| function.name)));
        let message = format!("there is no function `{}`", call.name);
        let error = Diagnostic::error(codes::UNKNOWN_FUNCTION, call.name.span, message);
        let error = match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(call.name.span, near),
            None => error,
        };
        self.report(error)
    }

    /// `library::name(…)`.
    fn library_call(&mut self, call: &Call, expr: &Expr, scope: &Scope) -> Type {
        let library = self.namespace(&call.namespace);
        let function = library.and_then(|library| library.functions.get(&call.name.name));
        let (Some(library), Some(function)) = (library, function) else {
            call.arguments.iter().for_each(|argument| drop(self.infer(argument, scope)));
            return match library.filter(|library| library.complete) {
                Some(library) => self.not_in_library(library, call),
                None => Type::never(),
            };
        };
        self.user_call(function, call, expr, scope);
        let results = self.known.results.get(&library.directory);
        results.and_then(|results| results.get(&call.name.name)).cloned().unwrap_or(Type::never())
    }

    fn not_in_library(&mut self, library: &Module, call: &Call) -> Type {
        let namespace: Vec<&str> = call.namespace.iter().map(|name| name.as_str()).collect();
        let message = format!("the library `{}` has no function `{}`", namespace.join("::"), call.name);
        let error = Diagnostic::error(codes::UNKNOWN_FUNCTION, call.name.span, message);
        let near = nearest(call.name.as_str(), library.functions.keys().map(|name| name.as_str()));
        self.report(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(call.name.span, near),
            None => error,
        })
    }

    /// The arguments of a function of the project.
    fn user_call(&mut self, function: &UserFunction, call: &Call, expr: &Expr, scope: &Scope) {
        let name = &call.name;
        if call.expand.is_none() && call.arguments.len() != function.params.len() {
            let params: Vec<String> =
                function.params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
            let message =
                format!("`{name}` takes {}, not {}", count(params.len()), count(call.arguments.len()));
            let error =
                Diagnostic::error(codes::ARGUMENTS, expr.span, message).label(function.span, "declared here");
            self.report(error.hint(format!("it is `{name}({})`", params.join(", "))));
        }
        for (at, argument) in call.arguments.iter().enumerate() {
            let param = function.params.get(at).filter(|_| !spreads(call, at));
            self.expect(argument, param.map_or(&Type::Any, |(_, ty)| ty), scope);
        }
    }

    /// `try` and `can`: what may fail at evaluation may fail here too; unknown names are still errors.
    fn attempts(&mut self, call: &Call, scope: &Scope) -> Type {
        let before = self.errors.len();
        let types: Vec<Type> = call.arguments.iter().map(|argument| self.infer(argument, scope)).collect();
        let fresh = self.errors.split_off(before);
        let serious = [codes::UNKNOWN_NAME, codes::UNKNOWN_FUNCTION, codes::UNKNOWN_ATTRIBUTE, codes::HABIT];
        self.errors.extend(fresh.into_iter().filter(|error| serious.contains(&error.code)));
        match call.name.as_str() {
            "can" => Type::Bool,
            _ => any_of(&types),
        }
    }

    fn convert(&mut self, call: &Call, expr: &Expr, scope: &Scope) -> Type {
        let [value, wanted] = call.arguments.as_slice() else {
            let error = Diagnostic::error(codes::ARGUMENTS, expr.span, "`convert` takes a value and a type");
            return self.report(error.hint("it is `convert(value, type)`"));
        };
        let wanted = match read_type(wanted, &self.type_names()) {
            Ok(wanted) => wanted,
            Err(error) => {
                self.errors.extend(error);
                Type::never()
            }
        };
        self.expect(value, &wanted, scope);
        wanted
    }

    fn builtin(&mut self, function: &'static Function, call: &Call, expr: &Expr, scope: &Scope) -> Type {
        let signature = Signature::of(function);
        if call.expand.is_none() && !signature.takes(call.arguments.len()) {
            let message = format!("`{}` does not take {}", function.name, count(call.arguments.len()));
            let error = Diagnostic::error(codes::ARGUMENTS, expr.span, message);
            self.report(error.hint(format!("it is `{}{}`", function.name, function.signature)));
        }
        let mut types = Vec::new();
        for (at, argument) in call.arguments.iter().enumerate() {
            let parameter = signature.parameter(at).filter(|_| !spreads(call, at));
            types.push(self.expect(argument, parameter.map_or(&Type::Any, |parameter| &parameter.ty), scope));
        }
        if call.expand.is_some() {
            return signature.result.clone();
        }
        let result = result_type(function.name, &types).unwrap_or_else(|| signature.result.clone());
        let secret =
            types.iter().any(Type::is_sensitive) && !matches!(function.name, "nonsensitive" | "issensitive");
        if secret && !result.is_sensitive() { Type::Sensitive(Box::new(result)) } else { result }
    }
}

/// Whether argument `at` is a list that is spread over the parameters, `f(xs...)`.
fn spreads(call: &Call, at: usize) -> bool {
    call.expand.is_some() && at + 1 == call.arguments.len()
}

fn count(arguments: usize) -> String {
    format!("{arguments} argument{}", if arguments == 1 { "" } else { "s" })
}

/// The element type of a list, set or tuple.
fn element(ty: &Type) -> Type {
    match ty.core() {
        Type::List(element, _) | Type::Set(element) => (**element).clone(),
        Type::Tuple(items) => any_of(items.iter()),
        Type::OneOf(types) => any_of(&types.iter().map(element).collect::<Vec<_>>()),
        _ => Type::Any,
    }
}

/// The value type of a map or object.
fn value(ty: &Type) -> Type {
    match ty.core() {
        Type::Map(element) => (**element).clone(),
        Type::Object(fields) => any_of(fields.values().map(|field| &field.ty)),
        Type::OneOf(types) => any_of(&types.iter().map(value).collect::<Vec<_>>()),
        _ => Type::Any,
    }
}

/// The result's type where it follows from the arguments' types more narrowly than the signature says.
fn result_type(name: &str, types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    Some(match name {
        "values" => Type::list(value(first)),
        "tolist" | "reverse" | "distinct" | "compact" | "slice" => Type::list(element(first)),
        "toset" => Type::set(element(first)),
        "tomap" => Type::map(value(first)),
        "concat" => Type::list(any_of(&types.iter().map(element).collect::<Vec<_>>())),
        "setunion" | "setintersection" | "setsubtract" => Type::set(element(first)),
        "element" => element(first),
        "one" => element(first).nullable(),
        "lookup" => match types.get(2) {
            Some(default) => any_of([&value(first), default]),
            None => value(first),
        },
        "flatten" => Type::list(flat(first)),
        "coalesce" => {
            let present: Vec<Type> = types.iter().map(not_null).collect();
            any_of(&present)
        }
        "max" | "min" => crate::types::widened(&any_of(types)),
        "sum" => crate::types::widened(&element(first)),
        "merge" => types.iter().skip(1).fold(first.core().clone(), |all, ty| merged(&all, ty.core())),
        "inherit" => inherited(first.core(), types.get(1)?.core()),
        "zipmap" => Type::map(element(types.get(1)?)),
        "sensitive" => Type::Sensitive(Box::new(first.core().clone())),
        "nonsensitive" => first.core().clone(),
        _ => return None,
    })
}

fn not_null(ty: &Type) -> Type {
    match ty {
        Type::Nullable(inner) => (**inner).clone(),
        other => other.clone(),
    }
}

fn flat(ty: &Type) -> Type {
    let items = match ty.core() {
        Type::Tuple(items) => items.to_vec(),
        other => vec![element(other)],
    };
    let flattened: Vec<Type> = items
        .iter()
        .map(|item| match item.core() {
            Type::List(..) | Type::Set(_) | Type::Tuple(_) => flat(item),
            _ => item.clone(),
        })
        .collect();
    any_of(&flattened)
}

fn merged(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Object(a), Type::Object(b)) => {
            let mut fields = BTreeMap::clone(a);
            for (name, field) in b.iter() {
                let field = match (fields.get(name), field.optional) {
                    (Some(under), true) => either(under, field),
                    _ => field.clone(),
                };
                fields.insert(name.clone(), field);
            }
            Type::object(fields)
        }
        (Type::Object(_) | Type::Map(_), Type::Object(_) | Type::Map(_)) => {
            Type::map(any_of([&value(left), &value(right)]))
        }
        _ => Type::Any,
    }
}

/// A field that is the right side's if it is there, else the left side's.
fn either(left: &Field, right: &Field) -> Field {
    let ty = any_of([&left.ty, &right.ty]);
    Field { ty, optional: left.optional && right.optional, default: None }
}

/// The type of `inherit(base, child)`, field by field.
fn inherited(base: &Type, child: &Type) -> Type {
    let (Type::Object(a), Type::Object(b)) = (base, child) else { return merged(base, child) };
    let mut fields = BTreeMap::clone(a);
    for (name, field) in b.iter() {
        let field = match fields.get(name) {
            Some(under) => {
                let ty = combined(under.ty.core(), field.ty.core());
                if field.optional || under.optional {
                    either(under, field)
                } else {
                    Field { ty, ..field.clone() }
                }
            }
            None => field.clone(),
        };
        fields.insert(name.clone(), field);
    }
    Type::object(fields)
}

fn combined(base: &Type, child: &Type) -> Type {
    match (base, child) {
        (Type::List(..) | Type::Tuple(_), Type::List(..) | Type::Tuple(_)) => {
            Type::list(any_of([&element(base), &element(child)]))
        }
        (Type::Set(a), Type::Set(b)) => Type::set(any_of([&**a, &**b])),
        (Type::Object(_) | Type::Map(_), Type::Object(_) | Type::Map(_)) => merged(base, child),
        _ => child.clone(),
    }
}
