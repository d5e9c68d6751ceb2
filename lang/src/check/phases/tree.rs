//! What is known of a value and when: all of it at once, or shape and contents apart.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::known::{Phase, When, Why};
use crate::address::Mode;
use crate::name::AttributeName;
use crate::program::ObjectKey;
use crate::span::Span;

/// When the parts of a value are known.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    /// All of it at once.
    Leaf(When),
    /// A collection or object whose shape is known at plan at the latest.
    Node(Rc<Node>),
    /// A reference to a whole object.
    Whole(Rc<Whole>),
    /// The same behind a name, for the way that messages tell.
    Through(Rc<Through>),
}

/// Whether elements have positions or names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A list, a set or a tuple. Of a set the shape is known only when the elements are, for equal ones are one.
    List,
    /// A map or an object.
    Map,
}

/// The parts of a collection or object.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) sort: Sort,
    /// When keys or length are known, and whether it is null.
    pub(super) shape: When,
    /// The elements whose key or position is written out.
    pub(super) fields: BTreeMap<String, Tree>,
    /// All others, as one.
    pub(super) rest: Option<Tree>,
    all: When,
    depth: usize,
    contents: OnceCell<Tree>,
}

/// A whole object: one of several, if a condition or a key chooses.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) objects: Vec<Rc<Declared>>,
    /// When it is known which, and whether it is null.
    pub(super) at: When,
    /// Where it is named.
    pub(super) span: Span,
}

/// A block that declares an object, or looks one up.
#[derive(Debug)]
pub(super) struct Declared {
    /// Tells it from all others.
    pub(super) id: usize,
    pub(super) key: ObjectKey,
    /// The written attributes that are known later than the configuration; of what is looked up during apply, all.
    pub(super) attributes: BTreeMap<AttributeName, Tree>,
    /// The attributes that AWS chooses because nothing, or perhaps null, is written.
    pub(super) unset: BTreeSet<AttributeName>,
    /// When a lookup is answered.
    pub(super) lookup: When,
    /// Whether there is one for each key.
    pub(super) keyed: bool,
}

/// A tree behind a name.
#[derive(Debug)]
pub(super) struct Through {
    tree: Tree,
    name: String,
    span: Span,
    length: usize,
}

/// Deeper parts are told as one, for chains of declarations may nest without bound.
const DEEPEST: usize = 24;

/// Of more objects than these, the attributes are not told apart.
const MOST: usize = 64;

/// A way through more names than these is told in part.
const LONGEST: usize = 8;

impl Tree {
    /// Known from the configuration.
    pub(super) const CONFIG: Self = Self::Leaf(When::CONFIG);

    /// A collection or object of these parts.
    pub(super) fn node(sort: Sort, shape: When, fields: BTreeMap<String, Self>, rest: Option<Self>) -> Self {
        if shape.phase == Phase::Apply {
            return Self::Leaf(shape);
        }
        let parts = || fields.values().chain(&rest);
        let all = parts().fold(shape.clone(), |all, part| all.and(&part.all()));
        let depth = parts().map(Self::depth).max().unwrap_or(0) + 1;
        if all.phase == Phase::Config || depth > DEEPEST {
            return Self::Leaf(all);
        }
        Self::Node(Rc::new(Node { sort, shape, fields, rest, all, depth, contents: OnceCell::new() }))
    }

    /// A list of elements that are not told apart.
    pub(super) fn list(shape: When, element: Self) -> Self {
        Self::node(Sort::List, shape, BTreeMap::new(), Some(element))
    }

    /// A set of elements that are not told apart.
    pub(super) fn set(shape: &When, element: Self) -> Self {
        Self::list(shape.and(&element.all()), element)
    }

    /// When all of it is known, as a value: a whole object is its id then.
    pub(super) fn all(&self) -> When {
        match self {
            Self::Leaf(when) => when.clone(),
            Self::Node(node) => node.all.clone(),
            Self::Whole(whole) => whole.all(),
            Self::Through(through) => through.tree.all().through(&through.name, through.span),
        }
    }

    /// The phase of all of it.
    pub(super) fn phase(&self) -> Phase {
        match self {
            Self::Leaf(when) => when.phase,
            Self::Node(node) => node.all.phase,
            Self::Whole(whole) => whole.phase(),
            Self::Through(through) => through.tree.phase(),
        }
    }

    /// When keys or length are known, and whether it is null.
    pub(super) fn shape(&self) -> When {
        match self {
            Self::Leaf(when) => when.clone(),
            Self::Node(node) => node.shape.clone(),
            Self::Whole(whole) => whole.at.clone(),
            Self::Through(through) => through.tree.shape().through(&through.name, through.span),
        }
    }

    /// Any of its elements.
    pub(super) fn contents(&self) -> Self {
        match self {
            Self::Leaf(_) => self.clone(),
            Self::Whole(_) => Self::Leaf(self.all()),
            Self::Through(through) => through.tree.contents().through(&through.name, through.span),
            Self::Node(node) => node
                .contents
                .get_or_init(|| union_all(node.fields.values().chain(&node.rest)).delayed(&node.shape))
                .clone(),
        }
    }

    /// The same behind a name.
    pub(super) fn through(&self, name: &str, span: Span) -> Self {
        let length = match self {
            Self::Leaf(when) => return Self::Leaf(when.through(name, span)),
            Self::Whole(_) => return self.clone(),
            Self::Node(_) => 1,
            Self::Through(through) => through.length + 1,
        };
        if length > LONGEST {
            return self.clone();
        }
        Self::Through(Rc::new(Through { tree: self.clone(), name: name.to_owned(), span, length }))
    }

    /// The same with names moved into its parts, so that it is a leaf, a node or a whole object.
    pub(super) fn opened(&self) -> Self {
        let Self::Through(through) = self else { return self.clone() };
        let name = |tree: &Self| tree.through(&through.name, through.span);
        match through.tree.opened() {
            Self::Node(node) => node.mapped(node.shape.through(&through.name, through.span), &name),
            other => name(&other),
        }
    }

    /// Not known before that.
    pub(super) fn delayed(&self, by: &When) -> Self {
        match self {
            _ if by.phase == Phase::Config => self.clone(),
            Self::Leaf(when) => Self::Leaf(when.and(by)),
            _ if by.phase == Phase::Apply => Self::Leaf(by.clone()),
            Self::Node(node) => node.mapped(node.shape.and(by), &|part| part.delayed(by)),
            Self::Whole(whole) => Self::whole(whole.objects.clone(), whole.at.and(by), whole.span),
            Self::Through(_) => self.opened().delayed(by),
        }
    }

    /// The element of a key or position that is written out; of an object of a kind, see `Looker::field`.
    pub(super) fn field(&self, name: &str) -> Self {
        match self {
            Self::Leaf(_) => self.clone(),
            Self::Whole(_) => Self::Leaf(self.all()),
            Self::Through(through) => through.tree.field(name).through(&through.name, through.span),
            Self::Node(node) => match node.fields.get(name).or(node.rest.as_ref()) {
                Some(part) => part.delayed(&node.shape),
                None => Self::Leaf(node.shape.clone()),
            },
        }
    }

    /// A list whose positions do not count any more; anything else as it is.
    pub(super) fn unordered(&self) -> Self {
        match self.opened() {
            Self::Node(node) if node.sort == Sort::List => Self::list(node.shape.clone(), self.contents()),
            _ => self.clone(),
        }
    }

    pub(super) fn whole(mut objects: Vec<Rc<Declared>>, at: When, span: Span) -> Self {
        objects.sort_by_key(|object| object.id);
        objects.dedup_by_key(|object| object.id);
        let whole = Whole { objects, at, span };
        if whole.objects.len() > MOST || whole.at.phase == Phase::Apply {
            return Self::Leaf(whole.all());
        }
        Self::Whole(Rc::new(whole))
    }

    fn depth(&self) -> usize {
        match self {
            Self::Leaf(_) | Self::Whole(_) => 0,
            Self::Node(node) => node.depth,
            Self::Through(through) => through.tree.depth(),
        }
    }

    /// Writes what tells it from others, but for the reasons.
    pub(super) fn fingerprint(&self, out: &mut String) {
        match self {
            Self::Leaf(when) => out.push(digit(when.phase)),
            Self::Through(through) => through.tree.fingerprint(out),
            Self::Whole(whole) => {
                out.push(digit(whole.at.phase));
                whole.objects.iter().for_each(|object| out.push_str(&format!("<{}>", object.id)));
            }
            Self::Node(node) => {
                out.push(if node.sort == Sort::List { '[' } else { '{' });
                out.push(digit(node.shape.phase));
                for (name, part) in &node.fields {
                    out.push_str(&format!("{name:?}"));
                    part.fingerprint(out);
                }
                out.push('*');
                node.rest.iter().for_each(|rest| rest.fingerprint(out));
                out.push('}');
            }
        }
    }
}

fn digit(phase: Phase) -> char {
    match phase {
        Phase::Config => '0',
        Phase::Plan => '1',
        Phase::Apply => '2',
    }
}

impl Node {
    /// The same with another shape and other parts.
    pub(super) fn mapped(&self, shape: When, part: &dyn Fn(&Tree) -> Tree) -> Tree {
        let fields = self.fields.iter().map(|(name, field)| (name.clone(), part(field))).collect();
        Tree::node(self.sort, shape, fields, self.rest.as_ref().map(part))
    }

    /// The part under a name, if there may be one.
    fn part(&self, name: &str) -> Option<&Tree> {
        self.fields.get(name).or(self.rest.as_ref())
    }
}

impl Whole {
    fn phase(&self) -> Phase {
        let of = |object: &Rc<Declared>| match object.key.mode {
            Mode::Managed => Phase::Apply,
            Mode::Data => object.lookup.phase,
        };
        self.objects.iter().map(of).max().unwrap_or(Phase::Config).max(self.at.phase)
    }

    fn all(&self) -> When {
        let of = |object: &Rc<Declared>| match object.key.mode {
            Mode::Data => object.lookup.clone(),
            Mode::Managed => {
                let what = object.key.to_string();
                let reason = "stands for its id, which is assigned by AWS".to_owned();
                When::late(
                    Phase::Apply,
                    Why::Source { what, reason, span: self.span, object: Some(object.clone()) },
                )
            }
        };
        let phase = self.phase();
        if phase == self.at.phase {
            return self.at.clone();
        }
        self.objects.iter().map(of).find(|when| when.phase == phase).unwrap_or_else(|| self.at.clone())
    }
}

/// What is one of these.
pub(super) fn union_all<'t>(trees: impl IntoIterator<Item = &'t Tree>) -> Tree {
    trees
        .into_iter()
        .fold(None, |all: Option<Tree>, tree| Some(all.map_or_else(|| tree.clone(), |all| union(&all, tree))))
        .unwrap_or(Tree::CONFIG)
}

/// What is one or the other, or made of both key by key.
pub(super) fn union(one: &Tree, other: &Tree) -> Tree {
    match (one.opened(), other.opened()) {
        (Tree::Leaf(a), Tree::Leaf(b)) => Tree::Leaf(a.and(&b)),
        (Tree::Leaf(leaf), tree) | (tree, Tree::Leaf(leaf)) => with_leaf(&tree, &leaf),
        (Tree::Whole(a), Tree::Whole(b)) => {
            let objects = a.objects.iter().chain(&b.objects).cloned().collect();
            Tree::whole(objects, a.at.and(&b.at), a.span)
        }
        (Tree::Node(a), Tree::Node(b)) => nodes(&a, &b),
        (a, b) => Tree::Leaf(a.all().and(&b.all())),
    }
}

/// What may also be a value known at once, such as null.
fn with_leaf(tree: &Tree, leaf: &When) -> Tree {
    match tree {
        _ if leaf.phase == Phase::Apply => Tree::Leaf(leaf.clone()),
        Tree::Whole(whole) => Tree::whole(whole.objects.clone(), whole.at.and(leaf), whole.span),
        Tree::Node(node) => {
            let either = |part: &Tree| union(part, &Tree::Leaf(leaf.clone()));
            let fields = node.fields.iter().map(|(name, field)| (name.clone(), either(field))).collect();
            let rest = node.rest.as_ref().map_or_else(|| Tree::Leaf(leaf.clone()), either);
            Tree::node(node.sort, node.shape.and(leaf), fields, Some(rest))
        }
        other => Tree::Leaf(other.all().and(leaf)),
    }
}

fn nodes(a: &Node, b: &Node) -> Tree {
    let either = |a: Option<&Tree>, b: Option<&Tree>| match (a, b) {
        (Some(a), Some(b)) => Some(union(a, b)),
        (one, other) => one.or(other).cloned(),
    };
    let names: BTreeSet<&String> = a.fields.keys().chain(b.fields.keys()).collect();
    let fields = names
        .into_iter()
        .filter_map(|name| Some((name.clone(), either(a.part(name), b.part(name))?)))
        .collect();
    Tree::node(a.sort, a.shape.and(&b.shape), fields, either(a.rest.as_ref(), b.rest.as_ref()))
}
