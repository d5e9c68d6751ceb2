//! Parts of wide values. `local.fleet.a` and `ami.node[each.key]` are read without a copy of all there is, so that
//! many references to a wide value cost their number.

use super::instances::Instances;
use super::{Evaluator, Scope};
use crate::address::Mode;
use crate::ast::{Expr, ExprKind};
use crate::name::KindName;
use crate::program::ObjectKey;
use crate::reference::{Root, root};
use crate::residual::{Reference, Residual};
use crate::value::Value;

impl Evaluator<'_> {
    /// The part that a path of plain keys leads to. `None` if it is no such path, if nothing is remembered of where it
    /// begins, or if a label, null or a missing key is on the way: then evaluation goes step by step.
    pub(super) fn part(&self, expr: &Expr, scope: &Scope) -> Option<Residual> {
        let (from, keys) = path(expr, scope)?;
        let from = match from {
            From::Bound(value) => return inside(value, &keys),
            From::Root(root) => root,
        };
        let (found, sources) = match from {
            Root::Local(name) => {
                let memo = self.memo.borrow();
                let (value, sources) = memo.locals.get(&(scope.path.clone(), name.name.clone()))?;
                (inside(value.as_ref().ok()?, &keys)?, sources.clone())
            }
            Root::Variable(name) => {
                let memo = self.memo.borrow();
                let (value, sources) = memo.variables.get(&(scope.path.clone(), name.name.clone()))?;
                (inside(value.as_ref().ok()?, &keys)?, sources.clone())
            }
            Root::Each(name) if name.as_str() == "value" => {
                let each = scope.each.as_ref()?;
                (inside(&each.value, &keys)?, each.sources.clone())
            }
            Root::Object(mode, kind, name) => {
                let key = ObjectKey { mode, kind: KindName::new(kind.as_str()), name: name.name.clone() };
                return self.instance(&key, &keys, scope);
            }
            _ => return None,
        };
        self.uses(&sources);
        Some(found)
    }

    /// One instance of a block, by its key.
    fn instance(&self, key: &ObjectKey, keys: &[String], scope: &Scope) -> Option<Residual> {
        let [instance] = keys else { return None };
        match &*self.instances(&scope.path, key).ok()? {
            Instances::Keyed(entries) if key.mode == Mode::Managed && entries.contains_key(instance) => {
                let address = super::access::address(&scope.path, key, Some(instance));
                Some(Residual::Attribute(Reference::whole(address)))
            }
            _ => None,
        }
    }
}

/// Where a path begins.
enum From<'a> {
    Bound(&'a Residual),
    Root(Root<'a>),
}

/// Where an expression begins, and the keys that lead on from there, one at least.
fn path<'a>(expr: &'a Expr, scope: &'a Scope) -> Option<(From<'a>, Vec<String>)> {
    let mut keys = Vec::new();
    let mut at = expr;
    let from = loop {
        if let Some(root) = root(at, |name| scope.closed || scope.get(name).is_some()) {
            break From::Root(root);
        }
        match &at.kind {
            ExprKind::Name(name) => break From::Bound(scope.get(name.as_str())?),
            ExprKind::Attribute(of, name) => {
                keys.push(name.as_str().to_owned());
                at = of;
            }
            ExprKind::Index(of, index) => {
                keys.push(plain(index, scope)?);
                at = of;
            }
            _ => return None,
        }
    };
    keys.reverse();
    (!keys.is_empty()).then_some((from, keys))
}

/// A key that costs nothing to evaluate: a literal, `each.key`, or a bound name.
fn plain(key: &Expr, scope: &Scope) -> Option<String> {
    let is_bound = |name: &str| scope.closed || scope.get(name).is_some();
    match (&key.kind, root(key, is_bound)) {
        (ExprKind::String(text), _) => Some(text.clone()),
        (_, Some(Root::Each(name))) if name.as_str() == "key" => Some(scope.each.as_ref()?.key.clone()),
        (ExprKind::Name(name), None) => match scope.get(name.as_str())? {
            Residual::Known(Value::String(text)) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn inside(residual: &Residual, keys: &[String]) -> Option<Residual> {
    match (residual, keys) {
        (_, []) => Some(residual.clone()),
        (Residual::Map(entries), [key, rest @ ..]) => inside(entries.get(key)?, rest),
        (Residual::Known(value), _) => Some(Residual::Known(inside_value(value, keys)?.clone())),
        _ => None,
    }
}

fn inside_value<'v>(value: &'v Value, keys: &[String]) -> Option<&'v Value> {
    match (value, keys) {
        (_, []) => Some(value),
        (Value::Map(entries), [key, rest @ ..]) => inside_value(entries.get(key)?, rest),
        _ => None,
    }
}
