//! What AWS was asked and what it answered.

use std::net::Ipv4Addr;

use crate::model::Time;
use crate::wire::{Node, Params, Protocol, cbor};

/// A call that only looked, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The path of the request.
    pub path: String,
    /// Its body, a form if the service speaks a query protocol.
    pub form: String,
    /// The body of the answer.
    pub body: Vec<u8>,
}

/// An answer, read.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// What was asked for.
    pub(super) operation: String,
    /// The parameters of the request.
    pub(super) asked: Params,
    /// The path of the request.
    pub(super) path: String,
    /// The answer, if it is XML.
    pub(super) root: Node,
    /// The answer, if it is CBOR.
    pub(super) members: Params,
}

impl Said {
    /// `None` if the answer is neither XML nor CBOR: nothing is taken over from others.
    pub(super) fn read(answer: &Answer) -> Option<Self> {
        let path = answer.path.clone();
        if let Some((_, operation)) = path.rsplit_once("/operation/") {
            let (operation, members) = (operation.to_owned(), cbor::read(&answer.body).ok()?);
            let asked = Params::empty(Protocol::Cbor);
            return Some(Self { operation, asked, path, root: Node::body(), members });
        }
        let root = Node::parse(std::str::from_utf8(&answer.body).ok()?).ok()?;
        let asked = Params::parse(Protocol::Query, &answer.form);
        let named = root.name().trim_end_matches("Response").to_owned();
        let operation = asked.text("Action").map_or(named, str::to_owned);
        Some(Self { operation, asked, path, root, members: Params::empty(Protocol::Query) })
    }

    /// The elements of a list, wherever in the answer it is.
    pub(super) fn list(&self, name: &str) -> &[Node] {
        find(&self.root, name).map(Node::children).unwrap_or_default()
    }
}

/// The first element with this name, the node itself or one in it.
pub(super) fn find<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    if node.name() == name {
        return Some(node);
    }
    node.children().iter().find_map(|child| find(child, name))
}

/// The elements of a list right under a node.
pub(super) fn items<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).map(Node::children).unwrap_or_default()
}

/// A text that is not empty.
pub(super) fn text(node: &Node, name: &str) -> Option<String> {
    node.text_of(name).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A switch; off if it is not there.
pub(super) fn on(node: &Node, name: &str) -> bool {
    node.text_of(name) == Some("true")
}

/// A number.
pub(super) fn number(node: &Node, name: &str) -> Option<i64> {
    node.text_of(name)?.parse().ok()
}

/// A moment.
pub(super) fn time(node: &Node, name: &str) -> Option<Time> {
    node.text_of(name).and_then(Time::parse)
}

/// An address.
pub(super) fn address(node: &Node, name: &str) -> Option<Ipv4Addr> {
    node.text_of(name)?.parse().ok()
}

/// What was answered, as it would be sent in a request: `member`s are numbered.
pub(super) fn params(node: &Node) -> Params {
    if node.children().is_empty() {
        return Params::leaf(Protocol::Query, node.text().to_owned());
    }
    let mut params = Params::empty(Protocol::Query);
    let mut members = Params::empty(Protocol::Query);
    let mut count = 0;
    for child in node.children() {
        // An empty text says that nothing was set, which requests say by saying nothing.
        let empty = child.children().is_empty() && child.text().is_empty();
        match child.name() {
            "member" => {
                count += 1;
                members.insert(format!("{count}"), self::params(child));
            }
            _ if empty => {}
            name => params.insert(name.to_owned(), self::params(child)),
        }
    }
    if count > 0 {
        params.insert("member".to_owned(), members);
    }
    params
}
