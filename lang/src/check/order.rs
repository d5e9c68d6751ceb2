//! The order in which declarations are looked at: each after those it refers to, so that a long chain of them is no
//! deep recursion.

use std::collections::{BTreeMap, BTreeSet};

use super::cycles::{Edges, Node};
use crate::ast::Expr;
use crate::name::Identifier;
use crate::program::{Declaration, Local, Module};
use crate::reference::{Root, root};

/// The locals in an order in which each comes after those it refers to; in a ring, in any order.
pub(super) fn local_order(locals: &BTreeMap<Identifier, Local>) -> Vec<Identifier> {
    let mut order = Vec::new();
    let mut entered: BTreeSet<&Identifier> = BTreeSet::new();
    for start in locals.keys() {
        let mut stack = vec![(start, false)];
        while let Some((name, done)) = stack.pop() {
            let Some((name, local)) = locals.get_key_value(name) else { continue };
            if done {
                order.push(name.clone());
            } else if entered.insert(name) {
                stack.push((name, true));
                stack.extend(referred(&local.value).into_iter().map(|name| (name, false)));
            }
        }
    }
    order
}

/// All that declares a value in a module, each after what it refers to; in a ring, in any order.
pub(super) fn declarations(module: &Module, edges: &Edges) -> Vec<Declaration> {
    let locals = module.locals.keys().cloned().map(Node::Local);
    let objects = module.objects.keys().cloned().map(Node::Object);
    let calls = module.calls.keys().cloned().map(Node::Module);
    let all: Vec<Node> = locals.chain(objects).chain(calls).collect();
    let mut order = Vec::new();
    let mut entered: BTreeSet<&Node> = BTreeSet::new();
    for start in &all {
        let mut stack = vec![(start, false)];
        while let Some((node, done)) = stack.pop() {
            if done {
                order.extend(declaration(node));
            } else if entered.insert(node) {
                stack.push((node, true));
                stack.extend(edges.get(node).into_iter().flat_map(BTreeMap::keys).map(|to| (to, false)));
            }
        }
    }
    order
}

fn declaration(node: &Node) -> Option<Declaration> {
    match node {
        Node::Local(name) => Some(Declaration::Local(name.clone())),
        Node::Object(key) => Some(Declaration::Object(key.clone())),
        Node::Module(name) => Some(Declaration::Call(name.clone())),
        Node::Project | Node::Type(_) | Node::Function(_) | Node::Output(_) => None,
    }
}

/// The locals an expression names.
fn referred(expr: &Expr) -> Vec<&Identifier> {
    let mut names = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let Some(Root::Local(name)) = root(expr, |_| false) {
            names.push(&name.name);
        }
        expr.for_each_child(&mut |child| open.push(child));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_those_it_refers_to() {
        let local = |text: &str| Local {
            value: crate::parse::parse_expression(crate::span::FileId(0), text).expect("an expression"),
        };
        let texts = [("a", "[local.c.x, local.b]"), ("b", "\"${local.c}\""), ("c", "1"), ("d", "local.d")];
        let locals = texts.into_iter().map(|(name, text)| (Identifier::new(name), local(text))).collect();
        let order: Vec<String> = local_order(&locals).iter().map(Identifier::to_string).collect();
        assert_eq!(order, ["c", "b", "a", "d"]);
    }
}
