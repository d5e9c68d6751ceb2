//! What builtin functions do to what is known: most need all of their arguments, some only their shape.

use std::collections::BTreeMap;

use super::known::{Phase, When};
use super::tree::{Node, Sort, Tree, union, union_all};

/// When the result of a builtin function is known. A function that is not among these needs all of its arguments;
/// that is right for each, if not the best that can be said.
pub(super) fn result(name: &str, arguments: &[Tree], key: Option<&str>) -> Tree {
    match (name, arguments) {
        ("keys" | "length", [of]) => Tree::Leaf(of.shape()),
        ("values" | "reverse" | "tolist", [of]) => Tree::list(of.shape(), of.contents()),
        ("tomap" | "sensitive" | "nonsensitive", [of]) => of.clone(),
        ("toset", [of]) => Tree::set(&of.shape(), of.contents()),
        ("slice", [of, start, end]) => {
            Tree::list(of.shape().and(&start.all()).and(&end.all()), of.contents())
        }
        ("concat", lists) => {
            let shape = shapes(lists);
            let elements: Vec<Tree> = lists.iter().map(Tree::contents).collect();
            Tree::list(shape, union_all(&elements))
        }
        ("merge", maps) => union_all(maps),
        ("inherit", [base, child]) => union(&appended(base), &appended(child)),
        ("flatten", [of]) => flattened(of, of.shape()),
        ("compact", [of]) => Tree::list(of.shape().and(&of.contents().shape()), of.contents()),
        ("zipmap", [keys, values]) => {
            let shape = keys.all().and(&values.shape());
            Tree::node(Sort::Map, shape, BTreeMap::new(), Some(values.contents()))
        }
        ("lookup", [of, by, default @ ..]) => {
            let found = key.map_or_else(|| of.contents(), |key| of.field(key));
            let found = default.iter().fold(found, |found, default| union(&found, default));
            found.delayed(&of.shape().and(&by.all()))
        }
        ("element", [of, at]) => of.contents().delayed(&of.shape().and(&at.all())),
        ("one", [of]) => of.contents().delayed(&of.shape()),
        ("coalesce", all) => union_all(all).delayed(&shapes(all)),
        (_, all) => Tree::Leaf(all.iter().fold(When::CONFIG, |all, argument| all.and(&argument.all()))),
    }
}

fn shapes(trees: &[Tree]) -> When {
    trees.iter().fold(When::CONFIG, |all, tree| all.and(&tree.shape()))
}

/// An object whose lists are to be appended to, or appended: their positions do not count.
fn appended(tree: &Tree) -> Tree {
    match tree.opened() {
        Tree::Node(node) => node.mapped(node.shape.clone(), &Tree::unordered),
        other => other,
    }
}

/// A list with lists in it replaced by their elements: what is known late might be a list, so nothing is sure then.
fn flattened(of: &Tree, shape: When) -> Tree {
    match of.contents().opened() {
        Tree::Node(node) if node.sort == Sort::List => flattened_parts(&node, shape),
        element => {
            let shape = shape.and(&element.shape());
            if shape.phase == Phase::Apply { Tree::Leaf(shape) } else { Tree::list(shape, element) }
        }
    }
}

fn flattened_parts(node: &std::rc::Rc<Node>, shape: When) -> Tree {
    flattened(&Tree::Node(node.clone()), shape.and(&node.shape))
}
