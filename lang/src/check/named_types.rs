//! Named types: they may use each other in any order, but not in a ring.

use std::collections::BTreeMap;

use super::cycles::{Edges, Node, rings};
use super::declarations::Names;
use super::settings::Errors;
use crate::ast::{Expr, ExprKind};
use crate::span::Span;
use crate::types::{Type, read_type};

type Declared = BTreeMap<String, (Expr, Span)>;

/// The types that are declared, read again until nothing new can be.
pub(super) fn named_types(
    declared: &Declared,
    others: &Names<'_>,
    errors: Errors<'_>,
) -> BTreeMap<String, Type> {
    let edges = edges(declared);
    errors.extend(rings(&edges));
    let mut known: BTreeMap<String, Type> = BTreeMap::new();
    loop {
        let open: Vec<&String> = declared.keys().filter(|name| !known.contains_key(*name)).collect();
        let names = Names { types: &known, ..*others };
        let read: Vec<_> =
            open.iter().map(|name| ((*name).clone(), read_type(&declared[*name].0, &names))).collect();
        let fresh: BTreeMap<String, Type> =
            read.iter().filter_map(|(name, ty)| Some((name.clone(), ty.as_ref().ok()?.clone()))).collect();
        if !fresh.is_empty() {
            known.extend(fresh);
            continue;
        }
        for (name, ty) in &read {
            // What uses a type that cannot be read is silent.
            let used = edges.get(&Node::Type(name.clone())).into_iter().flatten();
            if !used.map(|(node, _)| node).any(|node| open.iter().any(|open| is_type(node, open))) {
                errors.extend(ty.as_ref().err().cloned().flatten());
            }
        }
        // What could not be read takes and gives anything.
        known.extend(read.into_iter().map(|(name, _)| (name, Type::never())));
        return known;
    }
}

fn is_type(node: &Node, name: &str) -> bool {
    matches!(node, Node::Type(other) if other == name)
}

/// Which named type uses which.
fn edges(declared: &Declared) -> Edges {
    let mut edges = Edges::new();
    for (name, (expr, _)) in declared {
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            match &expr.kind {
                ExprKind::Name(used) if declared.contains_key(used.as_str()) => {
                    let targets = edges.entry(Node::Type(name.clone())).or_default();
                    targets.entry(Node::Type(used.as_str().to_owned())).or_insert(used.span);
                }
                // A library's type is of no ring here.
                ExprKind::Attribute(..) => {}
                _ => expr.for_each_child(&mut |child| open.push(child)),
            }
        }
    }
    edges
}
