//! Where ephemeral values may go: into steps' `env`, ephemeral variables of modules, and the validation of variables.
//!
//! The label is not a type's: what an expression names decides, through locals and functions, so that no function
//! takes it away.

use std::collections::BTreeSet;

use super::uses::{Use, uses};
use crate::ast::{Entry, Expr, ExprKind, Key};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Module, Project};
use crate::reference::{Root, root};
use crate::schema::ENV;
use crate::span::Span;

/// Reports each ephemeral value that stands where it would be kept. `takes` tells whether a variable of the module a
/// call is of is ephemeral.
pub(super) fn check(
    module: &Module,
    project: Option<&Project>,
    takes: impl Fn(&Identifier, &str) -> bool,
) -> Vec<Diagnostic> {
    if !module.variables.values().any(|variable| variable.ephemeral) {
        return Vec::new();
    }
    let names = Ephemeral::of(module);
    let mut errors = Vec::new();
    uses(module, project, &mut |place, expr| {
        let found = match place {
            Use::Validation => None,
            Use::Argument(call, variable) if takes(call, variable) => None,
            Use::Step => names.outside_env(expr),
            _ => names.mentioned(expr),
        };
        errors.extend(found.map(misplaced));
    });
    errors
}

fn misplaced(span: Span) -> Diagnostic {
    let message =
        "an ephemeral value may only go into the `env` of a step, and into ephemeral variables of modules";
    Diagnostic::error(codes::EPHEMERAL, span, message)
        .hint("a value that is kept is `sensitive`, of which state and plans hold a keyed hash")
}

/// The names in a module that stand for ephemeral values.
struct Ephemeral<'a> {
    module: &'a Module,
    locals: BTreeSet<&'a Identifier>,
    functions: BTreeSet<&'a Identifier>,
}

impl<'a> Ephemeral<'a> {
    /// Locals and functions may name each other in any order, so they are looked at again until nothing new is found.
    fn of(module: &'a Module) -> Self {
        let mut found = Self { module, locals: BTreeSet::new(), functions: BTreeSet::new() };
        loop {
            let before = found.locals.len() + found.functions.len();
            for (name, local) in
                module.local_order.iter().filter_map(|name| module.locals.get_key_value(name))
            {
                if found.mentioned(&local.value).is_some() {
                    found.locals.insert(name);
                }
            }
            for (name, function) in &module.functions {
                if found.mentioned(&function.result).is_some() {
                    found.functions.insert(name);
                }
            }
            if found.locals.len() + found.functions.len() == before {
                return found;
            }
        }
    }

    /// Where the expression names an ephemeral value.
    fn mentioned(&self, expr: &Expr) -> Option<Span> {
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            if self.is_ephemeral(expr) {
                return Some(expr.span);
            }
            expr.for_each_child(&mut |child| open.push(child));
        }
        None
    }

    fn is_ephemeral(&self, expr: &Expr) -> bool {
        if let ExprKind::Call(call) = &expr.kind {
            return call.namespace.is_empty() && self.functions.contains(&call.name.name);
        }
        match root(expr, |_| false) {
            Some(Root::Variable(name)) => {
                self.module.variables.get(&name.name).is_some_and(|variable| variable.ephemeral)
            }
            Some(Root::Local(name)) => self.locals.contains(&name.name),
            _ => false,
        }
    }

    /// Where a step names one, except as a value of its `env`.
    fn outside_env(&self, step: &Expr) -> Option<Span> {
        let ExprKind::Object(arguments) = &step.kind else { return self.mentioned(step) };
        arguments.iter().find_map(|argument| match (argument.key.literal(), &argument.value.bare().kind) {
            (Some(ENV), ExprKind::Object(entries)) => entries.iter().find_map(|entry| self.key(entry)),
            (Some(ENV), _) => None,
            _ => self.mentioned(&argument.value),
        })
    }

    fn key(&self, entry: &Entry) -> Option<Span> {
        match &entry.key {
            Key::Expr(key) => self.mentioned(key),
            Key::Name(_) => None,
        }
    }
}
