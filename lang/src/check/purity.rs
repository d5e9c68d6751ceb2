//! Functions are pure: they see their parameters, `local`, `path` and other functions.

use std::collections::BTreeSet;

use crate::ast::{Expr, ExprKind, For, Part};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::program::{Module, UserFunction};
use crate::reference::{Root, root};

/// Reports each reference of a function to what it is not handed.
pub(super) fn check(module: &Module) -> Vec<Diagnostic> {
    module.functions.values().flat_map(outside).collect()
}

fn outside(function: &UserFunction) -> Vec<Diagnostic> {
    let mut bound: BTreeSet<&str> = function.params.iter().map(|(name, _)| name.as_str()).collect();
    let mut errors = Vec::new();
    let mut open = vec![&function.result];
    while let Some(expr) = open.pop() {
        bind(expr, &mut bound);
        match root(expr, |name| bound.contains(name)) {
            None | Some(Root::Local(_) | Root::Path(_) | Root::This | Root::Each(_)) => {
                expr.for_each_child(&mut |child| open.push(child));
            }
            // A kind that is none is an unknown name, which is said where names are resolved.
            Some(_) => errors.push(impure(expr, function)),
        }
    }
    errors
}

/// The names that a `for` binds: wherever it stands, they are no references.
fn bind<'e>(expr: &'e Expr, bound: &mut BTreeSet<&'e str>) {
    match &expr.kind {
        ExprKind::For(each) => {
            let For { key, value, .. } = &**each;
            bound.extend(key.iter().chain([value]).map(|name| name.as_str()));
        }
        ExprKind::Template(parts) => bind_parts(parts, bound),
        _ => {}
    }
}

fn bind_parts<'e>(parts: &'e [Part], bound: &mut BTreeSet<&'e str>) {
    for part in parts {
        match part {
            Part::For(each) => {
                bound.extend(each.key.iter().chain([&each.value]).map(|name| name.as_str()));
                bind_parts(&each.body, bound);
            }
            Part::If(part) => [&part.yes, &part.no].into_iter().for_each(|parts| bind_parts(parts, bound)),
            Part::Text(_) | Part::Interpolation(_) => {}
        }
    }
}

fn impure(expr: &Expr, function: &UserFunction) -> Diagnostic {
    let message = "a function sees its parameters, `local` and functions only";
    Diagnostic::error(codes::PURE, expr.span, message)
        .label(function.span, "in this function")
        .hint("hand it in as a parameter, or give it a name in `locals`")
}
