//! Which declaration needs which, and rings among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::ObjectKey;
use crate::span::Span;

/// A declaration of a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Project,
    Type(String),
    Local(Identifier),
    Function(Identifier),
    Module(Identifier),
    Object(ObjectKey),
    Output(Identifier),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project => f.write_str("project"),
            Self::Type(name) => f.write_str(name),
            Self::Local(name) => write!(f, "local.{name}"),
            Self::Function(name) => write!(f, "{name}(…)"),
            Self::Module(name) => write!(f, "module.{name}"),
            Self::Object(key) => write!(f, "{key}"),
            Self::Output(name) => write!(f, "output.{name}"),
        }
    }
}

/// For each declaration, those it refers to and where it does so first.
pub(super) type Edges = BTreeMap<Node, BTreeMap<Node, Span>>;

/// An error for each ring, found by a walk that visits each declaration once.
pub(super) fn rings(edges: &Edges) -> Vec<Diagnostic> {
    let mut walk = Walk { edges, done: BTreeSet::new(), path: Vec::new(), found: Vec::new() };
    for node in edges.keys() {
        walk.visit(node);
    }
    walk.found
}

struct Walk<'a> {
    edges: &'a Edges,
    done: BTreeSet<&'a Node>,
    path: Vec<(&'a Node, Option<Span>)>,
    found: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, start: &'a Node) {
        // A stack of its own: chains of declarations may be longer than the machine's.
        let mut stack: Vec<(&'a Node, Vec<(&'a Node, Span)>)> = Vec::new();
        self.enter(start, None, &mut stack);
        while let Some((_, targets)) = stack.last_mut() {
            match targets.pop() {
                Some((target, span)) => match self.path.iter().position(|(node, _)| *node == target) {
                    Some(start) => self.found.push(ring(&self.path[start..], span)),
                    None => self.enter(target, Some(span), &mut stack),
                },
                None => {
                    stack.pop();
                    if let Some((node, _)) = self.path.pop() {
                        self.done.insert(node);
                    }
                }
            }
        }
    }

    fn enter(
        &mut self,
        node: &'a Node,
        by: Option<Span>,
        stack: &mut Vec<(&'a Node, Vec<(&'a Node, Span)>)>,
    ) {
        if self.done.contains(node) {
            return;
        }
        let targets =
            self.edges.get(node).into_iter().flatten().map(|(target, span)| (target, *span)).collect();
        self.path.push((node, by));
        stack.push((node, targets));
    }
}

/// The ring that the last reference closes.
fn ring(path: &[(&Node, Option<Span>)], closing: Span) -> Diagnostic {
    let names: Vec<String> = path.iter().chain(path.first()).map(|(node, _)| format!("`{node}`")).collect();
    let message = match path {
        [_] => format!("{} refers to itself", names[0]),
        _ => format!("these need each other: {}", names.join(" → ")),
    };
    let mut error = Diagnostic::error(codes::CYCLE, closing, message);
    for (node, span) in path.iter().skip(1) {
        if let Some(span) = span {
            error = error.label(*span, format!("`{node}` is needed here"));
        }
    }
    error
}
