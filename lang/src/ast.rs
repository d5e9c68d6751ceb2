//! What a source file says, as a tree. Every node knows its place; nothing is resolved, typed or evaluated yet.
//!
//! Strings are unescaped and in normal form C; `~` and `<<-` have been applied; splats are regrouped. Depth is
//! limited by the parser, so that recursive functions over the tree cannot exhaust the stack.

use std::fmt;

use crate::name::Identifier;
use crate::span::Span;

mod dump;
mod literal;
mod operator;
mod walk;

pub use literal::{NumberLiteral, QuantityLiteral, Unit};
pub use operator::{BinaryOp, UnaryOp};

/// A source file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its attributes and blocks.
    pub body: Body,
}

/// What stands in a file or between the braces of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Attributes and blocks in the order written.
    pub items: Vec<Item>,
    /// From `{` to `}`, both included; for a file, all of it.
    pub span: Span,
    /// False if something in here did not parse at all, so that nothing may be said to be missing.
    pub complete: bool,
}

/// One item of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `name = value`.
    Attribute(Attribute),
    /// `kind "label" { … }`.
    Block(Block),
}

/// `name = value`. A name stands at most once among the attributes of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: Ident,
    /// The value; [`ExprKind::Invalid`] if it did not parse.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// `kind "label" … { body }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The word it starts with.
    pub kind: Ident,
    /// The labels behind it.
    pub labels: Vec<Label>,
    /// What stands in it.
    pub body: Body,
    /// The kind and the labels, without the brace.
    pub header: Span,
    /// All of it.
    pub span: Span,
}

/// A label of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The text, unescaped, without quotes.
    pub text: String,
    /// Whether it was written in quotes, as it should be.
    pub quoted: bool,
    /// Whether it has parts that are computed, which is an error that has been reported.
    pub computed: bool,
    /// The place, quotes included.
    pub span: Span,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Ident {
    /// The name.
    pub name: Identifier,
    /// The place.
    pub span: Span,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it, its parentheses or quotes included.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// Did not parse. It has been reported: whoever meets it says nothing.
    Invalid,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(NumberLiteral),
    /// A number with a unit.
    Quantity(QuantityLiteral),
    /// A quoted template or heredoc without `${}` and `%{}`: its text.
    String(String),
    /// A quoted template or heredoc that is neither text only nor a single `${x}`.
    Template(Vec<Part>),
    /// `(x)`, or `"${x}"`, which passes `x` on unchanged. [`Expr::bare`] looks through both.
    Wrapped(Wrapping, Box<Expr>),
    /// `[a, b]`.
    Tuple(Vec<Expr>),
    /// `{ a = b }`.
    Object(Vec<Entry>),
    /// `[for …]` or `{for …}`.
    For(Box<For>),
    /// `condition ? yes : no`.
    Conditional(Box<Conditional>),
    /// `left op right`.
    Binary(Box<Binary>),
    /// `-x` or `!x`.
    Unary(UnaryOp, Box<Expr>),
    /// `f(x)`, `library::f(x)`.
    Call(Call),
    /// A name on its own, the root of every reference.
    Name(Ident),
    /// `object.name`.
    Attribute(Box<Expr>, Ident),
    /// `object[index]`, and the older `object.0`.
    Index(Box<Expr>, Box<Expr>),
    /// `source.*…` or `source[*]…`.
    Splat(Box<Splat>),
    /// Inside [`Splat::each`]: the element at hand of the nearest such splat.
    Element,
}

/// What is around a wrapped expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// `(x)`.
    Parentheses,
    /// `"${x}"`.
    Template,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text, never empty.
    Text(String),
    /// `${x}`.
    Interpolation(Expr),
    /// `%{ if c }…%{ else }…%{ endif }`.
    If(IfPart),
    /// `%{ for k, v in xs }…%{ endfor }`.
    For(ForPart),
}

/// `%{ if condition }yes%{ else }no%{ endif }`.
#[derive(Debug, Clone, PartialEq)]
pub struct IfPart {
    /// The condition.
    pub condition: Expr,
    /// What stands before `else`.
    pub yes: Vec<Part>,
    /// What stands behind `else`; empty without one.
    pub no: Vec<Part>,
    /// From `%{ if` to `endif }`.
    pub span: Span,
}

/// `%{ for key, value in collection }body%{ endfor }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForPart {
    /// The name of the key or index, if given.
    pub key: Option<Ident>,
    /// The name of the element.
    pub value: Ident,
    /// What is run over.
    pub collection: Expr,
    /// What is repeated.
    pub body: Vec<Part>,
    /// From `%{ for` to `endfor }`.
    pub span: Span,
}

/// `key = value` in an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Expr,
}

/// The key of an object's entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// A bare word, which stands for itself.
    Name(Ident),
    /// Anything else, `(name)` too.
    Expr(Expr),
}

/// `[for key, value in collection : result if condition]`, or in braces with `key => value`.
#[derive(Debug, Clone, PartialEq)]
pub struct For {
    /// The name of the key or index, if given.
    pub key: Option<Ident>,
    /// The name of the element.
    pub value: Ident,
    /// What is run over.
    pub collection: Expr,
    /// What comes out for each element.
    pub result: ForResult,
    /// Which elements are taken.
    pub condition: Option<Expr>,
}

/// What a `for` makes of an element.
#[derive(Debug, Clone, PartialEq)]
pub enum ForResult {
    /// An element of a tuple.
    Tuple(Expr),
    /// An entry of an object.
    Object {
        /// Its key.
        key: Expr,
        /// Its value.
        value: Expr,
        /// Whether `...` gathers the values of equal keys into tuples.
        grouped: bool,
    },
}

/// `condition ? yes : no`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    /// Before `?`.
    pub condition: Expr,
    /// Between `?` and `:`.
    pub yes: Expr,
    /// Behind `:`.
    pub no: Expr,
}

/// `left op right`.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Where the operator stands.
    pub op_span: Span,
    /// The left operand.
    pub left: Expr,
    /// The right operand.
    pub right: Expr,
}

/// `namespace::name(arguments)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What stands before each `::`.
    pub namespace: Vec<Ident>,
    /// The function.
    pub name: Ident,
    /// The arguments.
    pub arguments: Vec<Expr>,
    /// The `...` behind the last argument, which passes its elements one by one.
    pub expand: Option<Span>,
}

/// `source.*.a` or `source[*].a[0]`: something done to each element.
#[derive(Debug, Clone, PartialEq)]
pub struct Splat {
    /// What is run over; null gives no elements and a single value gives itself.
    pub source: Expr,
    /// What is done to each element: [`ExprKind::Element`] itself, or accesses around it. After `.*` it holds
    /// names and `.0` only, so `a.*.b[0]` is the first of all `b`; after `[*]` it holds all that follows.
    pub each: Expr,
    /// Whether it was written `[*]`.
    pub full: bool,
}

impl Body {
    /// Its attributes, in order.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(attribute) => Some(attribute),
            Item::Block(_) => None,
        })
    }

    /// Its blocks, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(_) => None,
            Item::Block(block) => Some(block),
        })
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().find(|attribute| attribute.name.as_str() == name)
    }
}

impl Item {
    /// All of it.
    pub fn span(&self) -> Span {
        match self {
            Self::Attribute(attribute) => attribute.span,
            Self::Block(block) => block.span,
        }
    }
}

impl Ident {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.name.as_str()
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Expr {
    /// The expression without parentheses and without the quotes of `"${x}"`.
    pub fn bare(&self) -> &Self {
        match &self.kind {
            ExprKind::Wrapped(_, inner) => inner.bare(),
            _ => self,
        }
    }

    /// The text of a string literal: a template or heredoc that holds text only.
    pub fn as_string(&self) -> Option<&str> {
        match &self.bare().kind {
            ExprKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The names of `a`, `a.b`, `a.b.c`, without anything else in between.
    pub fn as_path(&self) -> Option<Vec<&Ident>> {
        match &self.kind {
            ExprKind::Name(name) => Some(vec![name]),
            ExprKind::Attribute(object, name) => {
                let mut path = object.as_path()?;
                path.push(name);
                Some(path)
            }
            _ => None,
        }
    }

    /// The one name of `a`.
    pub fn as_name(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl Key {
    /// The place.
    pub fn span(&self) -> Span {
        match self {
            Self::Name(name) => name.span,
            Self::Expr(expr) => expr.span,
        }
    }

    /// The key, where it can be read off: a bare word or a string literal.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name.as_str()),
            Self::Expr(expr) => expr.as_string(),
        }
    }
}
