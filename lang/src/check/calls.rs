//! Calls of functions: their arguments, and the types of their results.

use super::Checker;
use super::cycles::Node;
use super::results::result_type;
use super::scope::Scope;
use crate::ast::{Call, Expr};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::functions::{Function, Signature, function, functions};
use crate::program::{Module, UserFunction};
use crate::types::{Type, any_of, read_type};

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &Call, expr: &Expr, scope: &Scope) -> Type {
        if !call.namespace.is_empty() {
            return self.library_call(call, expr, scope);
        }
        match (call.name.as_str(), self.module.functions.get(&call.name.name)) {
            (_, Some(function)) => {
                self.edge(Node::Function(call.name.name.clone()), call.name.span);
                let (types, secret) = self.user_call(function, call, expr, scope);
                self.result_of(&call.name.name, types).labelled(secret)
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
        let (types, secret) = self.user_call(function, call, expr, scope);
        // What a library makes of a secret is not followed, but all of it is taken for one.
        let secret = secret || types.is_some();
        let results = self.known.results.get(&library.directory);
        let result = results.and_then(|results| results.get(&call.name.name)).cloned();
        result.unwrap_or(Type::never()).labelled(secret)
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

    /// The arguments of a function of the project: the types of its parameters, if some are given secrets that they
    /// do not declare, and whether a list that is spread over parameters holds one.
    fn user_call(
        &mut self,
        function: &UserFunction,
        call: &Call,
        expr: &Expr,
        scope: &Scope,
    ) -> (Option<Vec<Type>>, bool) {
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
        let mut types: Vec<Type> = function.params.iter().map(|(_, ty)| ty.clone()).collect();
        let (mut given, mut spread) = (false, false);
        for (at, argument) in call.arguments.iter().enumerate() {
            match types.get_mut(at).filter(|_| !spreads(call, at)) {
                Some(ty) => {
                    let labelled =
                        ty.with_labels_of(&self.expect_declared(argument, ty, function.span, scope));
                    given |= labelled != *ty;
                    *ty = labelled;
                }
                None => spread |= self.infer(argument, scope).holds_secret(),
            }
        }
        (given.then_some(types), spread)
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
        let found = self.knowingly(|checker| checker.expect(value, &wanted, scope));
        wanted.with_labels_of(&found)
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
        if function.reads()
            && let Some((path, ty)) = call.arguments.first().zip(types.first())
        {
            self.shown(
                ty,
                path,
                format!("`{}` reads a file, whose name would show a sensitive value", function.name),
            );
        }
        let narrow = result_type(function.name, &types).filter(|_| call.expand.is_none());
        let secret = match function.keeps_parts() {
            true => types.iter().any(Type::is_sensitive),
            false => types.iter().any(Type::holds_secret),
        };
        let secret = secret && !matches!(function.name, "nonsensitive" | "issensitive");
        narrow.unwrap_or_else(|| signature.result.clone()).labelled(secret)
    }
}

/// Whether argument `at` is a list that is spread over the parameters, `f(xs...)`.
fn spreads(call: &Call, at: usize) -> bool {
    call.expand.is_some() && at + 1 == call.arguments.len()
}

fn count(arguments: usize) -> String {
    format!("{arguments} argument{}", if arguments == 1 { "" } else { "s" })
}
