//! The tree as text: one line per attribute, structure shown by parentheses, places left out. Two texts that mean
//! the same to the parser have the same dump, so tests compare dumps.

use std::fmt::{self, Write};

use super::{
    Attribute, Block, Body, Call, Entry, Expr, ExprKind, File, For, ForPart, ForResult, Ident, IfPart, Item,
    Key, Part,
};
use crate::value::Quoted;

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_body(f, &self.body, 0)
    }
}

fn write_body(f: &mut fmt::Formatter<'_>, body: &Body, depth: usize) -> fmt::Result {
    for item in &body.items {
        write!(f, "{:width$}", "", width = 2 * depth)?;
        match item {
            Item::Attribute(Attribute { name, value, .. }) => writeln!(f, "{name} = {value}")?,
            Item::Block(block) => write_block(f, block, depth)?,
        }
    }
    if body.complete { Ok(()) } else { writeln!(f, "{:width$}…", "", width = 2 * depth) }
}

fn write_block(f: &mut fmt::Formatter<'_>, block: &Block, depth: usize) -> fmt::Result {
    write!(f, "{}", block.kind)?;
    for label in &block.labels {
        write!(f, " {}", Quoted(&label.text))?;
    }
    f.write_str(":\n")?;
    write_body(f, &block.body, depth + 1)
}

/// One line, with every operation in parentheses; the user's own parentheses, and the quotes of `"${x}"`, are not
/// shown.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Invalid => f.write_str("<invalid>"),
            ExprKind::Null => f.write_str("null"),
            ExprKind::Bool(value) => write!(f, "{value}"),
            ExprKind::Number(number) => f.write_str(number.as_str()),
            ExprKind::Quantity(quantity) => {
                write!(f, "{}{}", quantity.amount.as_str(), quantity.unit.as_str())
            }
            ExprKind::String(text) => write!(f, "{}", Quoted(text)),
            ExprKind::Template(parts) => write_parts(f, parts),
            ExprKind::Wrapped(_, inner) => write!(f, "{inner}"),
            ExprKind::Tuple(elements) => write!(f, "[{}]", List(elements)),
            ExprKind::Object(entries) if entries.is_empty() => f.write_str("{}"),
            ExprKind::Object(entries) => write!(f, "{{ {} }}", List(entries)),
            ExprKind::For(each) => write!(f, "{each}"),
            ExprKind::Conditional(parts) => write!(f, "({} ? {} : {})", parts.condition, parts.yes, parts.no),
            ExprKind::Binary(parts) => write!(f, "({} {} {})", parts.left, parts.op.as_str(), parts.right),
            ExprKind::Unary(op, operand) => write!(f, "({}{operand})", op.as_str()),
            ExprKind::Call(call) => write!(f, "{call}"),
            ExprKind::Name(name) => write!(f, "{name}"),
            ExprKind::Attribute(object, name) => write!(f, "{object}.{name}"),
            ExprKind::Index(object, index) => write!(f, "{object}[{index}]"),
            ExprKind::Splat(splat) => {
                let sign = if splat.full { "[*]" } else { ".*" };
                write!(f, "({}{sign} => {})", splat.source, splat.each)
            }
            ExprKind::Element => f.write_char('@'),
        }
    }
}

/// Things with commas between them.
struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Name(name) => write!(f, "{name} = {}", self.value),
            Key::Expr(key) => write!(f, "({key}) = {}", self.value),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for space in &self.namespace {
            write!(f, "{space}::")?;
        }
        let expand = if self.expand.is_some() { "..." } else { "" };
        write!(f, "{}({}{expand})", self.name, List(&self.arguments))
    }
}

impl fmt::Display for For {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if matches!(self.result, ForResult::Tuple(_)) { ('[', ']') } else { ('{', '}') };
        write!(f, "{open}for {} in {} : ", Names(self.key.as_ref(), &self.value), self.collection)?;
        match &self.result {
            ForResult::Tuple(result) => write!(f, "{result}")?,
            ForResult::Object { key, value, grouped } => {
                write!(f, "{key} => {value}{}", if *grouped { "..." } else { "" })?;
            }
        }
        if let Some(condition) = &self.condition {
            write!(f, " if {condition}")?;
        }
        f.write_char(close)
    }
}

/// The names behind `for`.
struct Names<'a>(Option<&'a Ident>, &'a Ident);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, "{key}, {}", self.1),
            None => write!(f, "{}", self.1),
        }
    }
}

fn write_parts(f: &mut fmt::Formatter<'_>, parts: &[Part]) -> fmt::Result {
    write!(f, "template({})", List(parts))
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", Quoted(text)),
            Self::Interpolation(expr) => write!(f, "{expr}"),
            Self::If(IfPart { condition, yes, no, .. }) => {
                write!(f, "if {condition} ")?;
                write_parts(f, yes)?;
                f.write_str(" else ")?;
                write_parts(f, no)
            }
            Self::For(ForPart { key, value, collection, body, .. }) => {
                write!(f, "for {} in {collection} ", Names(key.as_ref(), value))?;
                write_parts(f, body)
            }
        }
    }
}
