//! The order in which declarations are looked at.

use std::collections::BTreeSet;

use crate::check::cycles::{Edges, Node};

/// The declarations that refer to others, and those others, each after what it refers to; in a ring, in any order.
pub(super) fn order(edges: &Edges) -> Vec<&Node> {
    let mut order = Vec::new();
    let mut entered: BTreeSet<&Node> = BTreeSet::new();
    for start in edges.keys() {
        let mut stack = vec![(start, false)];
        while let Some((node, done)) = stack.pop() {
            if done {
                order.push(node);
            } else if entered.insert(node) {
                stack.push((node, true));
                stack.extend(edges.get(node).into_iter().flat_map(|to| to.keys()).map(|to| (to, false)));
            }
        }
    }
    order
}
