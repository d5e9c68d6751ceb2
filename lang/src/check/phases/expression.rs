//! When an expression is known, from the bottom up.

use std::collections::BTreeMap;

use super::Looker;
use super::known::{Phase, When};
use super::scope::Scope;
use super::tree::{Sort, Tree, union};
use crate::ast::{
    Binary, Conditional, Entry, Expr, ExprKind, For, ForPart, ForResult, Ident, Key, Part, Splat,
};

/// Conditions of `for`s that stand in each other deeper than this are looked at once only.
const DEEPEST: usize = 6;

impl<'a> Looker<'a, '_> {
    /// When `expr` is known; what it demands of its parts is checked on the way.
    pub(super) fn tree(&mut self, expr: &'a Expr, scope: &Scope) -> Tree {
        match &expr.kind {
            ExprKind::Invalid | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => Tree::CONFIG,
            ExprKind::Quantity(_) | ExprKind::String(_) => Tree::CONFIG,
            ExprKind::Template(parts) => Tree::Leaf(self.parts(parts, scope)),
            ExprKind::Wrapped(_, inner) => self.tree(inner, scope),
            ExprKind::Tuple(items) => {
                let items = items.iter().enumerate();
                let fields = items.map(|(at, item)| (at.to_string(), self.tree(item, scope))).collect();
                Tree::node(Sort::List, When::CONFIG, fields, None)
            }
            ExprKind::Object(entries) => self.object_literal(entries, scope),
            ExprKind::For(each) => self.comprehension(each, scope),
            ExprKind::Conditional(conditional) => self.conditional(conditional, scope),
            ExprKind::Binary(binary) => Tree::Leaf(self.binary(binary, scope)),
            ExprKind::Unary(_, operand) => Tree::Leaf(self.tree(operand, scope).all()),
            ExprKind::Call(call) => self.call(call, expr.span, scope),
            ExprKind::Name(_) | ExprKind::Attribute(..) => self.reference(expr, scope),
            ExprKind::Index(of, key) => self.index(of, key, expr, scope),
            ExprKind::Splat(splat) => self.splat(splat, scope),
            ExprKind::Element => scope.element.clone().unwrap_or(Tree::CONFIG),
        }
    }

    /// When all of an expression is known.
    pub(super) fn when(&mut self, expr: &'a Expr, scope: &Scope) -> When {
        self.tree(expr, scope).all()
    }

    fn parts(&mut self, parts: &'a [Part], scope: &Scope) -> When {
        let mut all = When::CONFIG;
        for part in parts {
            let when = match part {
                Part::Text(_) => continue,
                Part::Interpolation(expr) => self.when(expr, scope),
                Part::If(part) => {
                    let condition = self.when(&part.condition, scope);
                    let yes = self.parts(&part.yes, scope);
                    condition.and(&yes).and(&self.parts(&part.no, scope))
                }
                Part::For(part) => self.for_part(part, scope),
            };
            all = all.and(&when);
        }
        all
    }

    fn for_part(&mut self, part: &'a ForPart, scope: &Scope) -> When {
        let collection = self.tree(&part.collection, scope);
        let inner = bind(scope, part.key.as_ref(), &part.value, &collection);
        collection.shape().and(&self.parts(&part.body, &inner))
    }

    fn object_literal(&mut self, entries: &'a [Entry], scope: &Scope) -> Tree {
        let mut shape = When::CONFIG;
        let mut fields = BTreeMap::new();
        let mut rest: Option<Tree> = None;
        for entry in entries {
            let value = self.tree(&entry.value, scope);
            match (&entry.key, entry.key.literal()) {
                (_, Some(name)) => {
                    fields.insert(name.to_owned(), value);
                }
                (Key::Expr(key), None) => {
                    shape = shape.and(&self.when(key, scope));
                    rest = Some(rest.map_or_else(|| value.clone(), |rest| union(&rest, &value)));
                }
                (Key::Name(_), None) => {}
            }
        }
        Tree::node(Sort::Map, shape, fields, rest)
    }

    fn comprehension(&mut self, each: &'a For, scope: &Scope) -> Tree {
        let collection = self.tree(&each.collection, scope);
        let mut inner = bind(scope, each.key.as_ref(), &each.value, &collection);
        let shape = collection.shape().and(&self.chosen(each, &inner));
        if shape.phase == Phase::Apply && collection.shape().phase < Phase::Apply {
            // Which elements are taken is known late, so the `for` is kept with its variables open.
            inner = bind(scope, each.key.as_ref(), &each.value, &Tree::Leaf(shape.clone()));
            if self.open < DEEPEST {
                self.open += 1;
                self.chosen(each, &inner);
                self.open -= 1;
            }
        }
        match &each.result {
            ForResult::Tuple(value) => {
                let value = self.tree(value, &inner);
                Tree::list(shape, value)
            }
            ForResult::Object { value, grouped, .. } => {
                let value = self.tree(value, &inner);
                let value = if *grouped { Tree::list(shape.clone(), value) } else { value };
                Tree::node(Sort::Map, shape, BTreeMap::new(), Some(value))
            }
        }
    }

    /// When it is known which elements a `for` takes, and under which keys.
    fn chosen(&mut self, each: &'a For, inner: &Scope) -> When {
        let condition =
            each.condition.iter().fold(When::CONFIG, |all, part| all.and(&self.when(part, inner)));
        match &each.result {
            ForResult::Object { key, .. } => condition.and(&self.when(key, inner)),
            ForResult::Tuple(_) => condition,
        }
    }

    fn conditional(&mut self, conditional: &'a Conditional, scope: &Scope) -> Tree {
        let condition = self.when(&conditional.condition, scope);
        let yes = self.tree(&conditional.yes, scope);
        let no = self.tree(&conditional.no, scope);
        union(&yes, &no).delayed(&condition)
    }

    fn binary(&mut self, binary: &'a Binary, scope: &Scope) -> When {
        let left = self.tree(&binary.left, scope);
        let right = self.tree(&binary.right, scope);
        let null = |expr: &Expr| expr.bare().kind == ExprKind::Null;
        // Whether something is null may be known long before what it is.
        match (null(&binary.left), null(&binary.right)) {
            (_, true) => left.shape(),
            (true, _) => right.shape(),
            _ => left.all().and(&right.all()),
        }
    }

    fn index(&mut self, of: &'a Expr, key: &'a Expr, whole: &'a Expr, scope: &Scope) -> Tree {
        let before = self.read;
        let of = self.tree(of, scope);
        self.read = before;
        let by = self.when(key, scope);
        let element = match written(key) {
            Some(name) => self.field(&of, &name, whole.span),
            None => of.contents().delayed(&of.shape()).delayed(&by),
        };
        self.reads(&element);
        element
    }

    fn splat(&mut self, splat: &'a Splat, scope: &Scope) -> Tree {
        let source = self.tree(&splat.source, scope).opened();
        let element = match &source {
            Tree::Node(node) if node.sort == Sort::List => source.contents(),
            other => other.clone(),
        };
        let each = self.tree(&splat.each, &scope.with_element(element));
        Tree::list(source.shape(), each)
    }

    /// Notes that something was read, for `try` and `can`.
    pub(super) fn reads(&mut self, tree: &Tree) {
        self.read = self.read.max(tree.phase());
    }

    /// What was read while `look` looked.
    pub(super) fn reading<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> (T, Phase) {
        let before = std::mem::replace(&mut self.read, Phase::Config);
        let result = look(self);
        let read = std::mem::replace(&mut self.read, before);
        self.read = self.read.max(read);
        (result, read)
    }
}

/// The key or position that an expression spells.
fn written(key: &Expr) -> Option<String> {
    match &key.bare().kind {
        ExprKind::String(name) => Some(name.clone()),
        ExprKind::Number(number) => Some(number.value().to_string()),
        _ => None,
    }
}

/// The scope inside a `for` over a collection.
fn bind(scope: &Scope, key: Option<&Ident>, value: &Ident, collection: &Tree) -> Scope {
    let element = collection.contents();
    let inner = match key {
        Some(key) => scope.with(key.as_str(), Tree::Leaf(collection.shape())),
        None => scope.clone(),
    };
    inner.with(value.as_str(), element)
}
