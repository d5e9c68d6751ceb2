//! XML elements: built for answers, read from requests.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

/// An element with either text or child elements.
///
/// Services build answers bottom up. [`Node::body`] has no name yet: a list gives it `item` or `member`, the
/// envelope gives it the name that the protocol wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    name: Cow<'static, str>,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<Node>,
}

/// A request body that is not well-formed XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not well-formed XML: {0}")]
pub struct ParseXmlError(String);

impl Node {
    /// An element without content.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    /// An element whose name is given by what it is put in.
    pub fn body() -> Self {
        Self::new("")
    }

    /// A nameless element with text: an element of a list of texts.
    pub fn value(value: impl Display) -> Self {
        Self { text: value.to_string(), ..Self::body() }
    }

    /// The same element under another name.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds an attribute.
    pub fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Adds a child with text.
    pub fn field(self, name: impl Into<Cow<'static, str>>, value: impl Display) -> Self {
        self.child(name, Self::value(value))
    }

    /// Adds a child with text if there is a value; SDKs want absent members left out.
    pub fn maybe(self, name: impl Into<Cow<'static, str>>, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Adds a child under a name of its own.
    pub fn child(mut self, name: impl Into<Cow<'static, str>>, node: Self) -> Self {
        self.children.push(node.named(name));
        self
    }

    /// Adds a list in EC2's form: `<name><item>…</item>…</name>`.
    pub fn items(self, name: impl Into<Cow<'static, str>>, elements: impl IntoIterator<Item = Self>) -> Self {
        self.list(name, "item", elements)
    }

    /// Adds a list in the query protocol's form: `<name><member>…</member>…</name>`.
    pub fn members(
        self,
        name: impl Into<Cow<'static, str>>,
        elements: impl IntoIterator<Item = Self>,
    ) -> Self {
        self.list(name, "member", elements)
    }

    /// Adds a list whose elements are called `element`, as Route 53 has them.
    pub fn list(
        self,
        name: impl Into<Cow<'static, str>>,
        element: &'static str,
        elements: impl IntoIterator<Item = Self>,
    ) -> Self {
        let children = elements.into_iter().map(|node| node.named(element)).collect();
        self.child(name, Self { children, ..Self::body() })
    }

    /// Adds the children of another element.
    pub fn with(mut self, other: Self) -> Self {
        self.children.extend(other.children);
        self
    }

    /// This element's name, without namespace prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, without surrounding blanks.
    pub fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text as it was sent.
    pub fn verbatim(&self) -> &str {
        &self.text
    }

    /// The child elements in order.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first child with this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child with this name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).map(Self::text)
    }

    /// The element as a document, declaration included.
    pub fn document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"{}\"", escape(value.as_str()));
        }
        out.push('>');
        out.push_str(&escape(self.text.as_str()));
        for child in &self.children {
            child.write(out);
        }
        let _ = write!(out, "</{}>", self.name);
    }

    /// Reads a document. Namespaces, comments and attributes are dropped: AWS's request bodies need none of
    /// them.
    ///
    /// # Errors
    /// The text is not well-formed, is empty, or nests deeper than any request does.
    pub fn parse(document: &str) -> Result<Self, ParseXmlError> {
        let mut reader = Reader::from_str(document);
        let mut open = vec![Self::body()];
        loop {
            match reader.read_event().map_err(|error| ParseXmlError(error.to_string()))? {
                Event::Start(start) => open.push(Self::new(start.local_name().into_inner().to_owned())),
                Event::Empty(empty) => {
                    adopt(&mut open, Self::new(empty.local_name().into_inner().to_owned()))
                }
                Event::End(_) => close(&mut open),
                Event::Text(text) => append(&mut open, &text.xml10_content()),
                Event::CData(text) => append(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => append(&mut open, &entity(&reference)?),
                Event::Eof => break,
                _ => {}
            }
            if open.len() > DEEPEST {
                return Err(ParseXmlError(format!("it nests deeper than {DEEPEST} elements")));
            }
        }
        let root = open.pop().filter(|_| open.is_empty());
        root.and_then(|mut document| document.children.pop())
            .ok_or_else(|| ParseXmlError("it has no complete root element".to_owned()))
    }
}

/// Deeper than any AWS request, shallow enough for recursion.
const DEEPEST: usize = 64;

fn adopt(open: &mut [Node], node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

fn close(open: &mut Vec<Node>) {
    if let Some(node) = open.pop() {
        adopt(open, node);
    }
}

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn entity(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, ParseXmlError> {
    let refused = |reason: String| ParseXmlError(reason);
    if let Some(character) = reference.resolve_char_ref().map_err(|error| refused(error.to_string()))? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    quick_xml::escape::resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| refused(format!("it uses the unknown entity &{name};")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_escaped_and_read_back() {
        let node = Node::new("A")
            .field("B", "x < \"y\" & z")
            .maybe("None", None::<&str>)
            .members("L", [Node::value(1), Node::value(2)])
            .items("M", [Node::body().field("k", "v")]);
        let text = node.document();
        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <A><B>x &lt; &quot;y&quot; &amp; z</B><L><member>1</member><member>2</member></L><M><item><k>v</k></item></M></A>
        "#);
        assert_eq!(Node::parse(&text), Ok(node));
    }

    #[test]
    fn broken_documents_are_refused() {
        for text in ["", "<a>", "<a></b>", "<a>&nope;</a>", "hello", &"<a>".repeat(1000)] {
            assert!(Node::parse(text).is_err(), "{text}");
        }
    }
}
