//! Structures of requests as answers repeat them.

use super::{Node, Params};

/// Each part under the name it was sent with; lists element by element.
pub fn echo(sent: &Params) -> Node {
    if let Some(value) = sent.value() {
        return Node::value(value);
    }
    sent.names().fold(Node::body(), |node, name| {
        let elements = sent.list(name);
        match sent.get(name) {
            Some(_) if !elements.is_empty() => node.members(name.to_owned(), elements.into_iter().map(echo)),
            Some(inner) => node.child(name.to_owned(), echo(inner)),
            None => node,
        }
    })
}
