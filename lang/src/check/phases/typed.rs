//! What making a value of a type does to what is known of it: only sets lose something, for whether two of their
//! elements are one is known when the elements are.

use super::tree::{Sort, Tree};
use crate::types::Type;

/// When a value is known once it is one of the type.
pub(super) fn typed(tree: &Tree, ty: &Type) -> Tree {
    if !has_set(ty) {
        return tree.clone();
    }
    let Tree::Node(node) = tree.opened() else { return tree.clone() };
    let all = |element: &Type| node.mapped(node.shape.clone(), &|part| typed(part, element));
    match (ty.core(), node.sort) {
        (Type::Set(element), Sort::List) => Tree::set(&node.shape, typed(&tree.contents(), element)),
        (Type::List(element, _), Sort::List) | (Type::Map(element), Sort::Map) => all(element),
        (Type::Tuple(types), Sort::List) => {
            let part = |(at, part): (&String, &Tree)| {
                let ty = at.parse::<usize>().ok().and_then(|at| types.get(at));
                (at.clone(), ty.map_or_else(|| part.clone(), |ty| typed(part, ty)))
            };
            let parts = node.fields.iter().map(part).collect();
            Tree::node(Sort::List, node.shape.clone(), parts, any_of(node.rest.as_ref(), types.iter()))
        }
        (Type::Object(fields), Sort::Map) => {
            let field = |name: &str, part: &Tree| {
                fields.get(name).map_or_else(|| part.clone(), |field| typed(part, &field.ty))
            };
            let parts = node.fields.iter().map(|(name, part)| (name.clone(), field(name, part))).collect();
            let rest = any_of(node.rest.as_ref(), fields.values().map(|field| &field.ty));
            Tree::node(Sort::Map, node.shape.clone(), parts, rest)
        }
        (Type::OneOf(types), _) => types.iter().fold(tree.clone(), |tree, ty| typed(&tree, ty)),
        _ => tree.clone(),
    }
}

/// What may become one of any of these types.
fn any_of<'t>(rest: Option<&Tree>, types: impl Iterator<Item = &'t Type>) -> Option<Tree> {
    rest.map(|rest| types.fold(rest.clone(), |rest, ty| typed(&rest, ty)))
}

fn has_set(ty: &Type) -> bool {
    match ty {
        Type::Set(_) => true,
        Type::List(inner, _) | Type::Map(inner) | Type::Nullable(inner) | Type::Sensitive(inner) => {
            has_set(inner)
        }
        Type::Tuple(types) => types.iter().any(has_set),
        Type::OneOf(types) => types.iter().any(has_set),
        Type::Object(fields) => fields.values().any(|field| has_set(&field.ty)),
        _ => false,
    }
}
