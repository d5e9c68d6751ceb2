//! Blocks of kinds and `data` blocks against their schemas.

use super::Checker;
use super::cycles::Node;
use super::null::Need;
use super::rules::{Written, entries};
use super::scope::Scope;
use super::settings::attribute_of;
use crate::address::Mode;
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::AttributeName;
use crate::program::{Argument, Meta, Object, ObjectKey};
use crate::reference::{Root, root};
use crate::schema::{AttributeSchema, BlockSchema, KindSchema, Naming, Presence, Rule, SchemaSet};
use crate::span::Span;
use crate::types::{Field, Lengths, Type, any_of, convert_value, spoken};
use crate::value::Value;

/// The type an attribute has when it is written: for a nested block, the object its attributes make.
pub(crate) fn written_type(attribute: &AttributeSchema) -> Type {
    match &attribute.block {
        None => attribute.ty.clone(),
        Some(block) if block.single => block_type(block),
        Some(block) => Type::List(Box::new(block_type(block)), lengths(&attribute.ty)),
    }
}

fn lengths(ty: &Type) -> Lengths {
    match ty.core() {
        Type::List(_, lengths) => *lengths,
        _ => Lengths::default(),
    }
}

/// A default in the attribute's own type: schemas may write a duration's as a bare number.
pub(crate) fn default_of(attribute: &AttributeSchema, default: &Value) -> Value {
    convert_value(default, &written_type(attribute), &SchemaSet::default())
        .unwrap_or_else(|_| default.clone())
}

/// The object type of a nested block: what may be left out is optional, what has a default has it.
pub(crate) fn block_type(block: &BlockSchema) -> Type {
    let field = |attribute: &AttributeSchema| {
        let (optional, default) = match &attribute.presence {
            Presence::Required => (false, None),
            Presence::Default(value) => (true, Some(default_of(attribute, value))),
            Presence::Optional | Presence::ObservedIfUnset | Presence::Observed => (true, None),
        };
        (attribute.name.as_str().to_owned(), Field { ty: written_type(attribute), optional, default })
    };
    let writable = block.attributes.iter().filter(|attribute| attribute.presence != Presence::Observed);
    Type::object(writable.map(field))
}

impl Checker<'_> {
    pub(super) fn check_object(&mut self, key: &ObjectKey, object: &Object) {
        let Some(schema) = self.schemas.kind(key.kind.as_str()) else { return };
        self.current = Some(Node::Object(key.clone()));
        if key.mode == Mode::Managed {
            // Its name and tags are made of the project's.
            self.edge(Node::Project, object.header);
        }
        let scope = self.meta(&object.meta);
        let arguments = object.arguments.iter();
        let types: Vec<Type> =
            arguments.map(|argument| self.argument(key.mode, schema, argument, &scope)).collect();
        for (argument, found) in object.arguments.iter().zip(&types) {
            self.note_null(found, argument.value.span);
        }
        for step in &object.steps {
            if let Some(step_schema) = schema.steps.iter().find(|known| known.name == step.name) {
                let ty = self.expect(&step.value, &block_type(&step_schema.block), &scope);
                self.rules(&step_schema.block.rules, &entries(&step.value, &ty), step.span);
                self.public_paths(&step_schema.block.attributes, &step.value, &ty);
            }
            if let Some(when) = &step.when {
                self.existence(when, "a step's `when`", &scope);
            }
        }
        if object.complete {
            self.presence(key.mode, schema, object, &types);
        }
        self.lifecycle(key, schema, object, &scope);
        self.current = None;
    }

    /// Checks the meta-arguments; the scope inside.
    pub(super) fn meta(&mut self, meta: &Meta) -> Scope {
        let outside = Scope::default();
        let value = meta.for_each.as_ref().map(|for_each| {
            let ty = self.infer(for_each, &outside);
            let ty = self.value(ty, for_each, Need::Elements, &outside);
            self.public_keys(&ty, for_each);
            self.for_each(&ty, for_each.span)
        });
        if let Some(when) = &meta.when {
            self.existence(when, "`when`", &outside);
        }
        for reference in &meta.depends_on {
            self.whole_reference(reference, &outside);
        }
        Scope::under_each(value)
    }

    /// The type of `each.value`.
    fn for_each(&mut self, ty: &Type, span: Span) -> Type {
        match ty.core() {
            Type::Map(element) => (**element).clone(),
            Type::Set(element) => {
                self.must_fit(element, &Type::string(), span);
                Type::string()
            }
            Type::Object(_) => self.elements(ty, span).1,
            Type::Any => Type::Any,
            Type::OneOf(types) => any_of(&types.iter().map(|ty| self.for_each(ty, span)).collect::<Vec<_>>()),
            Type::List(..) | Type::Tuple(_) => {
                let error = Diagnostic::error(
                    codes::META,
                    span,
                    "`for_each` takes a map or a set of strings, not a list",
                );
                self.report(error.hint("a list's positions are no identity: use `toset(…)`"))
            }
            other => {
                let message = format!("`for_each` takes a map or a set of strings, not {}", spoken(other));
                self.report(Diagnostic::error(codes::META, span, message))
            }
        }
    }

    fn whole_reference(&mut self, expr: &Expr, scope: &Scope) {
        let ty = self.infer(expr, scope);
        let whole = match ty.core() {
            Type::Kind(_) | Type::Any | Type::OneOf(_) | Type::Object(_) => true,
            Type::Map(inner) => matches!(inner.core(), Type::Kind(_) | Type::Object(_)),
            _ => false,
        };
        if !whole {
            let error = Diagnostic::error(
                codes::TYPE,
                expr.span,
                "a reference to an object or a module is wanted here",
            );
            self.report(error.hint("write `depends_on = [elb.web]`"));
        }
    }

    /// The type an argument has.
    fn argument(&mut self, mode: Mode, schema: &KindSchema, argument: &Argument, scope: &Scope) -> Type {
        let name = argument.name.as_str();
        let Some(attribute) = attribute_of(mode, schema, name) else {
            let extra = extra_type(mode, schema, name);
            if extra.is_none() {
                self.unknown_attribute(mode, schema, argument);
            }
            let found = self.expect(&argument.value, &extra.unwrap_or(Type::Any), scope);
            if mode == Mode::Managed {
                self.public_attribute(schema, name, &argument.value, &found);
            }
            return found;
        };
        if attribute.presence == Presence::Observed && mode == Mode::Managed {
            let message = format!("`{name}` is told by AWS once the object exists, it cannot be written");
            return self.report(Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, argument.name_span, message));
        }
        let wanted = match attribute.presence {
            Presence::Required => written_type(attribute),
            _ => written_type(attribute).nullable(),
        };
        let found = self.expect(&argument.value, &wanted, scope);
        if let Some(block) = &attribute.block {
            self.block_rules(block, &argument.value, &found);
        }
        if mode == Mode::Managed {
            self.public_attribute(schema, name, &argument.value, &found);
            self.public_path(attribute, &argument.value, &found);
        }
        found
    }

    fn unknown_attribute(&mut self, mode: Mode, schema: &KindSchema, argument: &Argument) {
        let name = argument.name.as_str();
        let known: Vec<&str> = match mode {
            Mode::Managed => schema
                .attributes
                .iter()
                .filter(|a| a.presence != Presence::Observed)
                .map(|a| a.name.as_str())
                .collect(),
            Mode::Data => schema.lookup.iter().map(|attribute| attribute.name.as_str()).collect(),
        };
        let steps = schema.steps.iter().map(|step| step.name.as_str());
        let meta = ["for_each", "when", "depends_on", "lifecycle", "timeouts"];
        let what = if mode == Mode::Data {
            format!("a lookup of `{}`", schema.name)
        } else {
            format!("`{}`", schema.name)
        };
        let error = Diagnostic::error(
            codes::UNKNOWN_ATTRIBUTE,
            argument.name_span,
            format!("{what} has no attribute `{name}`"),
        );
        let observed = mode == Mode::Data && schema.attribute(name).is_some();
        self.report(match nearest(name, known.iter().copied().chain(steps).chain(meta)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(argument.name_span, near),
            None if observed => error.hint("it can be read, but not looked for"),
            None => error,
        });
    }

    /// What must be written and is not, and rules over what is.
    fn presence(&mut self, mode: Mode, schema: &KindSchema, object: &Object, types: &[Type]) {
        let attributes = if mode == Mode::Data { &schema.lookup } else { &schema.attributes };
        let known = |name: &AttributeName| attributes.iter().any(|attribute| attribute.name == *name);
        // A misspelt attribute has been reported: the one it means is not missing as well.
        let means = |argument: &Argument, name: &AttributeName| {
            !known(&argument.name) && nearest(argument.name.as_str(), [name.as_str()]).is_some()
        };
        let written = |name: &AttributeName| {
            object.arguments.iter().any(|argument| argument.name == *name || means(argument, name))
        };
        let missing = attributes.iter().filter(|attribute| {
            attribute.presence == Presence::Required
                && !written(&attribute.name)
                && !is_name(schema, &attribute.name)
        });
        let missing: Vec<String> = missing.map(|attribute| format!("`{}`", attribute.name)).collect();
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            let message = format!("{} {verb} missing", missing.join(", "));
            self.report(Diagnostic::error(codes::MISSING, object.header, message));
        }
        if mode == Mode::Managed {
            let written = object.arguments.iter().zip(types).map(|(argument, ty)| Written {
                name: argument.name.as_str(),
                value: &argument.value,
                ty,
            });
            let written: Vec<Written<'_>> = written.collect();
            self.rules(&schema.rules, &written, object.header);
            if let Naming::Prefixed { attribute, prefix, .. } = &schema.naming {
                let either = Rule::AtMostOne(vec![attribute.clone(), prefix.clone()]);
                self.rules(&[either], &written, object.header);
            }
        }
    }

    fn lifecycle(&mut self, key: &ObjectKey, schema: &KindSchema, object: &Object, scope: &Scope) {
        let lifecycle = &object.lifecycle;
        if let Some(prevent) = &lifecycle.prevent_destroy {
            self.existence(prevent, "`prevent_destroy`", scope);
        }
        for name in &lifecycle.ignore_changes {
            self.ignored(name, schema);
        }
        for reference in &lifecycle.replace_triggered_by {
            self.infer(reference, scope);
            if !is_of_object(reference) {
                let message = "a reference to an object or to an attribute of one is wanted here";
                let error = Diagnostic::error(codes::TYPE, reference.span, message);
                self.report(error.hint("write `replace_triggered_by = [elb.web.dns_name]`"));
            }
        }
        for timeout in &object.timeouts {
            self.expect(&timeout.value, &Type::quantity(crate::value::Dimension::Duration), scope);
        }
        // A condition may speak of the object itself and of what depends on it: it orders nothing.
        let current = self.current.take();
        let inside = scope.with_this(key.kind.clone());
        self.conditions(&lifecycle.preconditions, &inside);
        self.conditions(&lifecycle.postconditions, &inside);
        self.current = current;
    }

    fn ignored(&mut self, expr: &Expr, schema: &KindSchema) {
        let error = match expr.bare().as_name() {
            Some(name) if schema.attribute(name.as_str()).is_some() || name.as_str() == "tags" => return,
            Some(name) => {
                let known = schema.attributes.iter().map(|attribute| attribute.name.as_str());
                let error = Diagnostic::error(
                    codes::UNKNOWN_ATTRIBUTE,
                    name.span,
                    format!("`{}` has no attribute `{name}`", schema.name),
                );
                match nearest(name.as_str(), known) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(name.span, near),
                    None => error,
                }
            }
            None => Diagnostic::error(codes::TYPE, expr.span, "the name of an attribute is wanted here")
                .hint("write `ignore_changes = [tags]`"),
        };
        self.report(error);
    }
}

/// Whether an expression names an object, an instance of one or an attribute.
fn is_of_object(expr: &Expr) -> bool {
    let expr = expr.bare();
    match (root(expr, |_| false), &expr.kind) {
        (Some(Root::Object(..)), _) | (None, ExprKind::Invalid) => true,
        (None, ExprKind::Attribute(of, _) | ExprKind::Index(of, _)) => is_of_object(of),
        _ => false,
    }
}

/// Attributes that the schema's flags allow without listing them.
pub(crate) fn extra_type(mode: Mode, schema: &KindSchema, name: &str) -> Option<Type> {
    match &schema.naming {
        _ if mode == Mode::Data => None,
        _ if name == "tags" && schema.tagged => Some(Type::map(Type::string())),
        Naming::Fixed { attribute, .. } if *attribute == *name => Some(Type::string()),
        Naming::Prefixed { attribute, prefix, .. } if *attribute == *name || *prefix == *name => {
            Some(Type::string())
        }
        _ => None,
    }
}

/// Whether we give the attribute a value by default: the object's name.
fn is_name(schema: &KindSchema, name: &AttributeName) -> bool {
    match &schema.naming {
        Naming::None | Naming::Written(_) => false,
        Naming::Fixed { attribute, .. } | Naming::Prefixed { attribute, .. } => attribute == name,
    }
}
