//! What the beginning of a reference names: `var.x`, `elb.web`, `data.vpc.main`, `each.key`.

use crate::address::Mode;
use crate::ast::{Expr, ExprKind, Ident};

/// The words a reference may start with, besides kinds and bound names.
pub(crate) const ROOTS: &[&str] = &["var", "local", "module", "data", "each", "self", "project", "path"];

/// The beginning of a reference: as much of it as names one thing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Root<'a> {
    Variable(&'a Ident),
    Local(&'a Ident),
    Project(&'a Ident),
    Path(&'a Ident),
    Each(&'a Ident),
    This,
    Module(&'a Ident),
    Object(Mode, &'a Ident, &'a Ident),
}

/// The root that `expr` as a whole is, unless its first word is bound by a `for` or a parameter.
pub(crate) fn root<'a>(expr: &'a Expr, is_bound: impl Fn(&str) -> bool) -> Option<Root<'a>> {
    let (object, name) = match &expr.kind {
        ExprKind::Attribute(object, name) => (object, name),
        ExprKind::Name(name) if name.as_str() == "self" && !is_bound("self") => return Some(Root::This),
        _ => return None,
    };
    match &object.kind {
        ExprKind::Name(word) if is_bound(word.as_str()) => None,
        ExprKind::Name(word) => match word.as_str() {
            "var" => Some(Root::Variable(name)),
            "local" => Some(Root::Local(name)),
            "project" => Some(Root::Project(name)),
            "path" => Some(Root::Path(name)),
            "each" => Some(Root::Each(name)),
            "module" => Some(Root::Module(name)),
            "self" | "data" => None,
            _ => Some(Root::Object(Mode::Managed, word, name)),
        },
        ExprKind::Attribute(data, kind) => match &data.kind {
            ExprKind::Name(word) if word.as_str() == "data" && !is_bound("data") => {
                Some(Root::Object(Mode::Data, kind, name))
            }
            _ => None,
        },
        _ => None,
    }
}
