//! Calls of functions: the module's own, the builtin ones, and those that decide on their arguments' evaluation.

use std::collections::BTreeMap;

use super::{Eval, Evaluator, Scope, Stop, at, fail};
use crate::address::ModuleStep;
use crate::ast::{Call, Expr, ExprKind};
use crate::check::Names;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::functions::{self, Surroundings, function, read_text};
use crate::partial::Fault;
use crate::program::{Module, UserFunction, library_path};
use crate::residual::{Residual, references};
use crate::span::{FileId, Span};
use crate::types::{convert, read_type};
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &Call, span: Span, scope: &Scope) -> Eval {
        let home = self.home(call, scope)?;
        let own = self.program.module(&home).and_then(|module| module.functions.get(&call.name.name));
        match (call.name.as_str(), own) {
            (_, Some(own)) => {
                let inner = Scope { depth: scope.depth, ..Scope::of(&home) };
                self.user_call(own, self.evaluated(call, scope)?, call, inner)
            }
            ("try", None) => self.attempt(call, span, scope),
            ("can", None) => match self.first(call, scope) {
                Ok(_) => Ok(Value::Bool(true).into()),
                Err(Stop::Undecided) => Err(Stop::Undecided),
                Err(_) => Ok(Value::Bool(false).into()),
            },
            ("convert", None) => self.convert_call(call, span, scope),
            ("templatefile", None) => self.template_file(call, span, scope),
            (name, None) => self.builtin(name, self.evaluated(call, scope)?, span, scope),
        }
    }

    /// Where the function is declared: here, or in the library before its name.
    fn home(&self, call: &Call, scope: &Scope) -> Result<Vec<ModuleStep>, Stop> {
        let Some(namespace) = call.namespace.first() else { return Ok(scope.path.clone()) };
        let module = self.program.module(&scope.path).ok_or(Stop::Reported)?;
        let library = module.libraries.get(&namespace.name).ok_or(Stop::Reported)?;
        Ok(library_path(&library.directory))
    }

    fn first(&self, call: &Call, scope: &Scope) -> Eval {
        call.arguments.first().map_or(Err(Stop::Reported), |argument| self.evaluate(argument, scope))
    }

    /// The arguments, the last one spread if it ends in `...`.
    fn evaluated(&self, call: &Call, scope: &Scope) -> Result<Vec<Residual>, Stop> {
        let arguments = call.arguments.iter().map(|argument| self.evaluate(argument, scope));
        let mut arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        let Some(dots) = call.expand else { return Ok(arguments) };
        let Some(last) = arguments.pop() else { return Ok(arguments) };
        let (plain, hidden) = self.settled(last).uncovered();
        match plain.items() {
            Some(items) => {
                let cover = |item: Residual| if hidden { item.concealed() } else { item };
                arguments.extend(items.into_iter().map(cover));
                Ok(arguments)
            }
            None if plain.known().is_some() => {
                fail(Diagnostic::error(codes::ARGUMENTS, dots, "`...` passes the elements of a list or set"))
            }
            None => Err(self.not_at_plan(&plain, dots, "the number of arguments")),
        }
    }

    fn builtin(&self, name: &str, mut arguments: Vec<Residual>, span: Span, scope: &Scope) -> Eval {
        if let Some(function) = function(name).filter(|function| function.reads()) {
            if arguments.first().is_some_and(Residual::is_sensitive) {
                let message = format!("`{name}` reads a file, whose name would show a sensitive value");
                return fail(Diagnostic::error(codes::SECRET, span, message));
            }
            arguments = arguments.into_iter().map(|argument| self.settled(argument)).collect();
            let waiting =
                arguments.iter().find(|argument| Residual::clone(argument).uncovered().0.known().is_none());
            if let Some(waiting) = waiting {
                return Err(self.not_at_plan(waiting, span, &format!("what `{}` reads", function.name)));
            }
        }
        let surroundings = self.surroundings(scope);
        functions::call(name, arguments, Some(&surroundings)).map_err(at(span))
    }

    fn surroundings(&self, scope: &Scope) -> Surroundings<'_> {
        Surroundings {
            files: self.inputs.files,
            directory: self.program.module(&scope.path).map_or("", Module::root),
            timestamp: &self.inputs.timestamp,
        }
    }

    fn user_call(
        &self,
        function: &UserFunction,
        arguments: Vec<Residual>,
        call: &Call,
        mut inner: Scope,
    ) -> Eval {
        if arguments.len() != function.params.len() {
            let message =
                format!("`{}` takes {} arguments, not {}", call.name, function.params.len(), arguments.len());
            return fail(Diagnostic::error(codes::ARGUMENTS, call.name.span, message));
        }
        for (at, ((name, ty), argument)) in function.params.iter().zip(arguments).enumerate() {
            let place =
                call.arguments.get(at).or(call.arguments.last()).map_or(call.name.span, |expr| expr.span);
            let argument = convert(&argument, ty, &self.program.schemas).or_else(|error| {
                let message = format!("argument `{name}`: {error}");
                fail(Diagnostic::error(codes::TYPE, place, message).label(function.span, "declared here"))
            })?;
            inner = inner.with(name.as_str(), argument);
        }
        self.evaluate(&function.result, &inner)
    }

    /// The first argument that can be evaluated. One that waits may still fail, so it keeps the rest.
    fn attempt(&self, call: &Call, span: Span, scope: &Scope) -> Eval {
        let mut last = None;
        for argument in &call.arguments {
            match self.evaluate(argument, scope) {
                Ok(value) => return Ok(value),
                Err(Stop::Undecided) => return Err(Stop::Undecided),
                Err(stop) => last = Some(stop),
            }
        }
        last.map_or_else(
            || fail(Diagnostic::error(codes::ARGUMENTS, span, "`try` takes at least one expression")),
            Err,
        )
    }

    fn convert_call(&self, call: &Call, span: Span, scope: &Scope) -> Eval {
        let [value, wanted] = call.arguments.as_slice() else { return Err(Stop::Reported) };
        let module = self.program.module(&scope.path).ok_or(Stop::Reported)?;
        let names = Names {
            types: &module.types,
            libraries: &module.libraries,
            modules: &self.program.modules,
            schemas: &self.program.schemas,
        };
        let wanted = read_type(wanted, &names)
            .map_err(|error| error.map_or(Stop::Reported, |error| Stop::Error(Box::new(error))))?;
        let value = self.evaluate(value, scope)?;
        convert(&value, &wanted, &self.program.schemas)
            .or_else(|error| fail(Diagnostic::error(codes::TYPE, span, error.to_string())))
    }

    /// A file as a template: it sees the variables it is given, and functions.
    fn template_file(&self, call: &Call, span: Span, scope: &Scope) -> Eval {
        let [path, variables] = call.arguments.as_slice() else {
            let error = Diagnostic::error(
                codes::ARGUMENTS,
                span,
                "`templatefile` takes a path and an object of variables",
            );
            return fail(error);
        };
        let path = match self.settled(self.evaluate(path, scope)?) {
            Residual::Known(Value::String(path)) => path,
            waiting if !references(&waiting).is_empty() => {
                return Err(self.not_at_plan(&waiting, path.span, "the path of a file"));
            }
            _ => return fail(Diagnostic::error(codes::TYPE, path.span, "the path of a file is a string")),
        };
        let values = self.settled(self.evaluate(variables, scope)?);
        if values.clone().uncovered().0.entries().is_none() {
            return fail(Diagnostic::error(
                codes::TYPE,
                variables.span,
                "the variables of a template are an object",
            ));
        }
        self.rendered(&path, values, span, scope)
    }

    /// What comes of the template in a file, given an object of variables; a secret if the whole object is one.
    pub(super) fn rendered(&self, path: &str, variables: Residual, span: Span, scope: &Scope) -> Eval {
        let (variables, hidden) = variables.uncovered();
        let text = read_text(&self.surroundings(scope), path).map_err(at(span))?;
        let rendered = self.render(path, &text, variables.entries().unwrap_or_default(), span, scope)?;
        Ok(if hidden { rendered.concealed() } else { rendered })
    }

    fn render(
        &self,
        path: &str,
        text: &str,
        values: BTreeMap<String, Residual>,
        span: Span,
        scope: &Scope,
    ) -> Eval {
        let inside =
            |reason: &str| at(span)(Fault::new(codes::FILE, format!("in the template `{path}`: {reason}")));
        let template = parse_template(text).map_err(|reason| inside(&reason))?;
        let mut inner = Scope { closed: true, depth: scope.depth, ..Scope::of(&scope.path) };
        for (name, value) in values {
            inner = inner.with(&name, value);
        }
        let rendered = self.evaluate(&template, &inner).map_err(|stop| match stop {
            // The place would be in a file that is no source.
            Stop::Error(error) => inside(&error.message),
            other => other,
        })?;
        match rendered {
            Residual::Known(Value::String(rendered)) if !text.ends_with('\n') => {
                Ok(Value::string(rendered.strip_suffix('\n').unwrap_or(&rendered)).into())
            }
            other => Ok(other),
        }
    }
}

/// The expression a template's text is: a heredoc's content, under a tag that the text does not hold.
fn parse_template(text: &str) -> Result<Expr, String> {
    let tag =
        (0..).map(|n| format!("TEMPLATE{n}")).find(|tag| !text.contains(tag.as_str())).unwrap_or_default();
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let heredoc = format!("<<{tag}\n{}{newline}{tag}\n", text.replace("\r\n", "\n"));
    let first =
        |errors: Vec<Diagnostic>| errors.into_iter().next().map_or(String::new(), |error| error.message);
    let expr = crate::parse::parse_expression(FileId(u32::MAX), &heredoc).map_err(first)?;
    match &expr.kind {
        // `"${x}"` alone passes `x` on, but a file is always text.
        ExprKind::Wrapped(_, inner) => Ok(Expr {
            kind: ExprKind::Template(vec![crate::ast::Part::Interpolation((**inner).clone())]),
            span: expr.span,
        }),
        _ => Ok(expr),
    }
}
