//! What must be known when, and what is said where it is not.

use super::Looker;
use super::known::{Phase, When, Why};
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::reference::{Root, root};
use crate::span::Span;

impl Looker<'_, '_> {
    /// Whether it is known when the plan is made; if not, that is reported.
    pub(super) fn demand_at_plan(&mut self, when: &When, span: Span, what: &str) -> bool {
        if when.phase <= Phase::Plan {
            return true;
        }
        let hint = "use a value that the configuration or a lookup tells";
        self.late(Diagnostic::error(codes::SHAPE, span, too_late(what, "at plan", when)).hint(hint), when)
    }

    /// The same of the keys of `for_each`.
    pub(super) fn demand_keys(&mut self, when: &When, for_each: &Expr) -> bool {
        if when.phase <= Phase::Plan {
            return true;
        }
        let own = map_of(for_each).map(|own| format!("use a key of your own: `{own}`"));
        let hint = own.or_else(|| instead_of(when)).unwrap_or_else(|| {
            "use keys of your own, such as `{ main = vpc.main }`, or what the configuration tells".to_owned()
        });
        let message = too_late("`for_each` keys", "at plan", when);
        let error = Diagnostic::error(codes::SHAPE, for_each.span, message);
        self.late(error.hint(hint), when)
    }

    /// Whether it is known from the configuration alone; if not, that is reported.
    pub(super) fn demand_config(&mut self, when: &When, span: Span, what: &str) -> bool {
        if when.phase == Phase::Config {
            return true;
        }
        let message = too_late(what, "from the configuration alone", when);
        let hint = "use literals, variables, files and functions of these";
        self.late(Diagnostic::error(codes::SETTING, span, message).hint(hint), when)
    }

    fn late(&mut self, mut error: Diagnostic, when: &When) -> bool {
        let Some(place) = error.span else { return false };
        let inside =
            |span: Span| span.file == place.file && place.start <= span.start && span.end <= place.end;
        if let Some((Why::Source { what, reason, span, .. }, names)) = when.why.as_deref().map(Why::way) {
            if !inside(*span) {
                error = error.label(*span, format!("`{what}` {reason}"));
            }
            for (name, span) in names.into_iter().filter(|(_, span)| !inside(*span)) {
                error = error.label(span, format!("by `{name}`"));
            }
        }
        if self.run.reported.insert(place) {
            self.run.errors.push(error);
        }
        false
    }
}

/// What must be known, and what keeps it: `vpc.main.id` is assigned by AWS ← `local.ids`.
fn too_late(what: &str, time: &str, when: &When) -> String {
    match when.why.as_deref().map(Why::way) {
        Some((Why::Source { what: source, reason, .. }, names)) => {
            let names: String = names.into_iter().map(|(name, _)| format!(" ← `{name}`")).collect();
            format!("{what} must be known {time}; `{source}` {reason}{names}")
        }
        _ => format!("{what} must be known {time}"),
    }
}

/// `{ main = vpc.main }` for `toset([vpc.main.id])`, if each object has a label of its own.
fn map_of(for_each: &Expr) -> Option<String> {
    let ExprKind::Call(call) = &for_each.bare().kind else { return None };
    let [items] = call.arguments.as_slice() else { return None };
    let ExprKind::Tuple(items) = &items.bare().kind else { return None };
    let mut names = std::collections::BTreeSet::new();
    let entry = |item: &Expr| {
        let item = item.bare();
        let whole = match &item.kind {
            ExprKind::Attribute(of, id) if id.as_str() == "id" => of.bare(),
            _ => item,
        };
        match root(whole, |_| false)? {
            Root::Object(_, kind, name) if names.insert(name.as_str().to_owned()) => {
                Some(format!("{name} = {kind}.{name}"))
            }
            _ => None,
        }
    };
    let entries: Option<Vec<String>> = items.iter().map(entry).collect();
    Some(format!("{{ {} }}", entries.filter(|entries| (1..=4).contains(&entries.len()))?.join(", ")))
}

/// What to write where the id of one object keeps the keys from being known.
fn instead_of(when: &When) -> Option<String> {
    match when.why.as_deref()?.way().0 {
        Why::Source { object: Some(object), .. } if object.keyed => {
            Some(format!("use the keys that it has: `{}`", object.key))
        }
        Why::Source { object: Some(object), .. } => {
            Some(format!("use a key of your own: `{{ {} = {} }}`", object.key.name, object.key))
        }
        _ => None,
    }
}
