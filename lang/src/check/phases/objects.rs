//! Blocks of kinds and `data` blocks: what they demand, and when what can be read from them is known.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Looker;
use super::known::{Phase, When, Why};
use super::references::completed;
use super::scope::Scope;
use super::tree::{Declared, Sort, Tree};
use super::typed::typed;
use crate::address::Mode;
use crate::ast::{Expr, ExprKind};
use crate::check::{attribute_of, extra_type, written_type};
use crate::name::AttributeName;
use crate::program::{Argument, Condition, Meta, Object, ObjectKey, Step};
use crate::schema::{AttributeSchema, KindSchema, Presence};
use crate::span::Span;
use crate::types::{Text, Type};

/// What the meta-arguments of a block make of it.
pub(super) struct Around {
    /// What an expression inside sees.
    pub(super) scope: Scope,
    /// Whether there is an instance for each key.
    pub(super) keyed: bool,
    /// When it is known which instances there are.
    pub(super) at: When,
}

/// A declared block: the object, and what makes instances of it.
#[derive(Clone)]
pub(super) struct Block {
    object: Rc<Declared>,
    keyed: bool,
    at: When,
}

impl<'a> Looker<'a, '_> {
    /// What `for_each` and `when` say, which must be known at plan.
    pub(super) fn around(&mut self, meta: &'a Meta) -> Around {
        let outside = Scope::default();
        if let Some(when) = &meta.when {
            let at = self.when(when, &outside);
            let known = self.demand_at_plan(&at, when.span, "`when`");
            return Around { scope: outside, keyed: false, at: if known { at } else { When::CONFIG } };
        }
        let Some(for_each) = &meta.for_each else {
            return Around { scope: outside, keyed: false, at: When::CONFIG };
        };
        let all = self.tree(for_each, &outside);
        let at = all.shape();
        let known = self.demand_keys(&at, for_each);
        let (at, value) = if known { (at, all.contents()) } else { (When::CONFIG, Tree::CONFIG) };
        let each = Some((Tree::Leaf(at.clone()), value));
        Around { scope: Scope { each, ..outside }, keyed: true, at }
    }

    /// What the name of a block stands for.
    pub(super) fn object(&mut self, key: &ObjectKey, span: Span) -> Tree {
        let Some(block) = self.block(key) else { return Tree::CONFIG };
        match block.keyed {
            true => {
                let whole = Tree::whole(vec![block.object], When::CONFIG, span);
                Tree::node(Sort::Map, block.at, BTreeMap::new(), Some(whole))
            }
            false => Tree::whole(vec![block.object], block.at, span),
        }
    }

    /// The block of that name, looked at when it is first needed.
    pub(super) fn block(&mut self, key: &ObjectKey) -> Option<Block> {
        if let Some(known) = self.objects.get(key) {
            return known.clone();
        }
        // A block that refers to itself has been reported.
        self.objects.insert(key.clone(), None);
        let (key, object) = self.module.objects.get_key_value(key)?;
        let schema = self.run.schemas.kind(key.kind.as_str())?;
        let around = self.around(&object.meta);
        let attributes = self.arguments_of(key.mode, schema, object, &around.scope);
        let declared = match key.mode {
            Mode::Data => self.lookup(key, object, attributes, around.keyed),
            Mode::Managed => {
                object.steps.iter().for_each(|step| self.step(schema, step, &around.scope));
                self.settings(object, &around.scope);
                self.managed(key, schema, object, attributes, around.keyed)
            }
        };
        let block = Block { object: Rc::new(declared), keyed: around.keyed, at: around.at };
        self.objects.insert(key.clone(), Some(block.clone()));
        Some(block)
    }

    fn arguments_of(
        &mut self,
        mode: Mode,
        schema: &'a KindSchema,
        object: &'a Object,
        scope: &Scope,
    ) -> BTreeMap<AttributeName, Tree> {
        let mut attributes = BTreeMap::new();
        for argument in &object.arguments {
            let tree = self.tree(&argument.value, scope);
            let known = attribute_of(mode, schema, argument.name.as_str());
            let ty = known.map(written_type).or_else(|| extra_type(mode, schema, argument.name.as_str()));
            let tree = ty.map_or_else(|| tree.clone(), |ty| typed(&tree, &ty)).unordered();
            if let Some(known) = known {
                self.demand_attribute(known, &tree, &argument.value, false);
            }
            attributes.insert(argument.name.clone(), tree);
        }
        attributes
    }

    fn managed(
        &mut self,
        key: &ObjectKey,
        schema: &KindSchema,
        object: &Object,
        mut attributes: BTreeMap<AttributeName, Tree>,
        keyed: bool,
    ) -> Declared {
        let chosen = schema.attributes.iter().filter(|known| known.presence == Presence::ObservedIfUnset);
        let chosen = chosen.map(|known| &known.name).chain(completed(&schema.naming));
        let maybe_null = &self.run.facts.maybe_null;
        let written = |name: &AttributeName| {
            let written = object.arguments.iter().find(|argument| argument.name == *name);
            written.is_some_and(|argument| !maybe_null.contains(&argument.value.span))
        };
        let unset: BTreeSet<AttributeName> = chosen.filter(|name| !written(name)).cloned().collect();
        attributes.retain(|_, tree| tree.phase() > Phase::Config);
        Declared { id: self.run.next_id(), key: key.clone(), attributes, unset, lookup: When::CONFIG, keyed }
    }

    fn lookup(
        &mut self,
        key: &ObjectKey,
        object: &'a Object,
        attributes: BTreeMap<AttributeName, Tree>,
        keyed: bool,
    ) -> Declared {
        let asks = attributes.values().fold(When::CONFIG, |all, tree| all.and(&tree.all()));
        let ordered = self.ordered || !object.meta.depends_on.is_empty();
        let (phase, reason) = match (asks.phase, &asks.why) {
            _ if ordered => (Phase::Apply, "is looked up during apply, for it has `depends_on`".to_owned()),
            (Phase::Apply, Some(why)) => {
                let reason = match why.way().0 {
                    Why::Source { what, .. } => format!("is looked up during apply, for it asks by `{what}`"),
                    Why::Through { .. } => "is looked up during apply".to_owned(),
                };
                (Phase::Apply, reason)
            }
            _ => (Phase::Plan, "is looked up at plan".to_owned()),
        };
        let what = key.to_string();
        let lookup = When::late(phase, Why::Source { what, reason, span: object.header, object: None });
        Declared {
            id: self.run.next_id(),
            key: key.clone(),
            attributes,
            unset: BTreeSet::new(),
            lookup,
            keyed,
        }
    }

    fn step(&mut self, schema: &'a KindSchema, step: &'a Step, scope: &Scope) {
        if let Some(when) = &step.when {
            let known = self.when(when, scope);
            self.demand_at_plan(&known, when.span, "a step's `when`");
        }
        let tree = self.tree(&step.value, scope);
        if let Some(known) = schema.steps.iter().find(|known| known.name == step.name) {
            self.demand_inside(&known.block.attributes, &tree, &step.value, false);
        }
    }

    /// What an attribute demands to be known at plan: paths of files, and what is marked so but for references.
    fn demand_attribute(&mut self, known: &'a AttributeSchema, tree: &Tree, value: &'a Expr, all: bool) {
        let all = all || known.at_plan;
        match &known.block {
            Some(block) if tree.phase() > Phase::Plan => {
                if all {
                    self.demand_at_plan(&tree.shape(), value.span, &format!("`{}`", known.name));
                }
                let inside = if block.single { tree.clone() } else { tree.contents() };
                self.demand_inside(&block.attributes, &inside, value, all);
            }
            None if known.content => {
                self.demand_at_plan(&tree.all(), value.span, "the path of a file");
            }
            None if all && !refers(&known.ty) => {
                self.demand_at_plan(&tree.all(), value.span, &format!("`{}`", known.name));
            }
            _ => {}
        }
    }

    fn demand_inside(&mut self, attributes: &'a [AttributeSchema], tree: &Tree, value: &'a Expr, all: bool) {
        if tree.phase() < Phase::Apply {
            return;
        }
        for known in attributes {
            let part = tree.field(known.name.as_str());
            self.demand_attribute(known, &part, entry(value, known.name.as_str()).unwrap_or(value), all);
        }
    }

    /// `lifecycle` and `timeouts`, but for conditions.
    fn settings(&mut self, object: &'a Object, scope: &Scope) {
        if let Some(prevent) = &object.lifecycle.prevent_destroy {
            let when = self.when(prevent, scope);
            self.demand_config(&when, prevent.span, "`prevent_destroy`");
        }
        for Argument { value, name, .. } in &object.timeouts {
            let when = self.when(value, scope);
            self.demand_at_plan(&when, value.span, &format!("the time limit `{name}`"));
        }
        for trigger in &object.lifecycle.replace_triggered_by {
            self.tree(trigger, scope);
        }
    }

    /// The conditions of a life cycle, which may read what is known late, the object itself too.
    pub(super) fn conditions(&mut self, key: &ObjectKey, object: &'a Object) {
        let lifecycle = &object.lifecycle;
        let all: Vec<&'a Condition> =
            lifecycle.preconditions.iter().chain(&lifecycle.postconditions).collect();
        let Some(block) = self.block(key).filter(|_| !all.is_empty()) else { return };
        let scope = Scope { this: Some(block.object), ..self.around(&object.meta).scope };
        all.into_iter().for_each(|condition| self.condition(condition, &scope));
    }

    pub(super) fn condition(&mut self, condition: &'a Condition, scope: &Scope) {
        self.tree(&condition.condition, scope);
        self.tree(&condition.message, scope);
    }
}

/// Whether a value of the type may refer to other objects.
fn refers(ty: &Type) -> bool {
    match ty {
        Type::String(Text::Id(_)) | Type::Kind(_) => true,
        Type::List(inner, _) | Type::Set(inner) | Type::Map(inner) => refers(inner),
        Type::Nullable(inner) | Type::Sensitive(inner) => refers(inner),
        Type::OneOf(types) => types.iter().any(refers),
        _ => false,
    }
}

/// The entry of that name where the value is written out.
fn entry<'e>(value: &'e Expr, name: &str) -> Option<&'e Expr> {
    match &value.bare().kind {
        ExprKind::Object(entries) => {
            entries.iter().find(|entry| entry.key.literal() == Some(name)).map(|entry| &entry.value)
        }
        ExprKind::Tuple(items) => match items.as_slice() {
            [only] => entry(only, name),
            _ => None,
        },
        _ => None,
    }
}
