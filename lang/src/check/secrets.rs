//! Secrets where they would be shown.

use std::collections::BTreeSet;

use super::cycles::Node;
use super::narrow::without_null;
use super::rules::{Written, entries};
use super::scope::Scope;
use super::{Checker, MOST_FOLLOWED};
use crate::address::Mode;
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::{Identifier, KindName};
use crate::program::{Condition, ObjectKey, Variable};
use crate::reference::{Root, root};
use crate::schema::{AttributeSchema, KindSchema};
use crate::types::Type;

impl Checker<'_> {
    /// Reports a secret of the type where it would be shown. Of ephemeral variables nothing is said, for they may not
    /// even stand there.
    pub(super) fn shown(
        &mut self,
        ty: &Type,
        expr: &Expr,
        message: impl Into<String>,
    ) -> Option<&mut Diagnostic> {
        if !ty.holds_secret() {
            return None;
        }
        let error = Diagnostic::error(codes::SECRET, expr.span, message);
        let error = match self.secret_since(expr) {
            Some(variable) if variable.ephemeral => return None,
            Some(variable) => error.label(variable.span, "declared as a secret here"),
            None => error,
        };
        self.errors.push(error);
        self.errors.last_mut()
    }

    /// The variable that makes a part of an expression secret, found through locals.
    fn secret_since(&self, expr: &Expr) -> Option<&Variable> {
        let mut open = vec![expr];
        let mut seen: BTreeSet<&Identifier> = BTreeSet::new();
        while let Some(expr) = open.pop() {
            match root(expr, |_| false) {
                Some(Root::Variable(name)) => {
                    let secret = self.variable_types.get(&name.name).is_some_and(Type::holds_secret);
                    if let Some(variable) = self.module.variables.get(&name.name).filter(|_| secret) {
                        return Some(variable);
                    }
                }
                Some(Root::Local(name)) => {
                    let local = self.module.locals.get_key_value(&name.name);
                    if let Some((name, local)) = local.filter(|(name, _)| !seen.contains(name)) {
                        seen.insert(name);
                        open.push(&local.value);
                    }
                }
                _ => expr.for_each_child(&mut |child| open.push(child)),
            }
        }
        None
    }

    /// Checks what decides whether something exists.
    pub(super) fn existence(&mut self, condition: &Expr, what: &str, scope: &Scope) {
        let secret = self.condition(condition, scope);
        self.shown(&Type::Bool.labelled(secret), condition, format!("{what} would show a sensitive value"));
    }

    /// Checks a condition with its message; the condition may be secret, its message not.
    pub(super) fn asserted(&mut self, condition: &Condition, scope: &Scope) {
        self.condition(&condition.condition, scope);
        let ty = self.expect(&condition.message, &Type::string(), scope);
        self.shown(&ty, &condition.message, "a message is shown, and this one is sensitive");
    }

    /// The type of an attribute that is read from a block, with the labels of what is written there, and without null
    /// if that is not.
    pub(super) fn as_written(&mut self, ty: Type, of: &Expr, name: &str, scope: &Scope) -> Type {
        let block = match &of.bare().kind {
            ExprKind::Index(block, _) => block,
            _ => of,
        };
        let Some(Root::Object(Mode::Managed, kind, label)) =
            root(block.bare(), |name| scope.get(name).is_some())
        else {
            return ty;
        };
        let kind = KindName::new(kind.as_str());
        let key = ObjectKey { mode: Mode::Managed, kind, name: label.name.clone() };
        match self.written(&key, name) {
            Some(found) if found.may_be_null() => ty.with_labels_of(&found),
            Some(found) => without_null(&ty).unwrap_or(ty).with_labels_of(&found),
            None => ty,
        }
    }

    /// The type of what is written for an attribute; none while it is being found. What is wrong with it is reported
    /// where its block is checked.
    fn written(&mut self, key: &ObjectKey, name: &str) -> Option<Type> {
        let object = self.module.objects.get(key)?;
        let argument = object.arguments.iter().find(|argument| argument.name == *name)?;
        let place = argument.span;
        if let Some(known) = self.written_types.get(&place) {
            return known.clone();
        }
        if self.depth == MOST_FOLLOWED {
            return None;
        }
        self.depth += 1;
        self.written_types.insert(place, None);
        let outer = self.current.replace(Node::Object(key.clone()));
        let before = self.errors.len();
        let scope = self.meta(&object.meta);
        let found = self.infer(&argument.value, &scope);
        self.errors.truncate(before);
        self.current = outer;
        self.depth -= 1;
        self.written_types.insert(place, Some(found.clone()));
        Some(found)
    }

    /// What `for_each` takes its keys from.
    pub(super) fn public_keys(&mut self, ty: &Type, expr: &Expr) {
        let keys = match ty {
            Type::Set(element) => (**element).clone(),
            other => Type::Bool.labelled(other.is_sensitive()),
        };
        let message = "the keys of `for_each` are shown, and these are sensitive";
        if let Some(error) = self.shown(&keys, expr, message) {
            error.hint = Some("take the keys from something that is no secret".to_owned());
        }
    }

    /// The attributes of a kind that are shown: names, tags, paths of files.
    pub(super) fn public_attribute(&mut self, schema: &KindSchema, name: &str, value: &Expr, ty: &Type) {
        if schema.naming.attributes().into_iter().any(|attribute| *attribute == *name) {
            self.shown(ty, value, format!("`{name}` would show a sensitive value"));
        } else if name == "tags" && schema.tagged {
            self.public_tags(value, ty);
        }
    }

    fn public_tags(&mut self, value: &Expr, ty: &Type) {
        match (&value.bare().kind, ty) {
            (ExprKind::Object(entries), Type::Object(fields)) => {
                for (name, entry) in entries.iter().filter_map(|entry| Some((entry.key.literal()?, entry))) {
                    let Some(field) = fields.get(name) else { continue };
                    let message = format!("the tag `{name}` would show a sensitive value");
                    self.shown(&field.ty, &entry.value, message);
                }
            }
            _ => drop(self.shown(ty, value, "tags are shown, and one of these is sensitive")),
        }
    }

    /// The attributes that name files, nested ones included.
    pub(super) fn public_paths(&mut self, attributes: &[AttributeSchema], value: &Expr, ty: &Type) {
        if let (ExprKind::Tuple(items), Type::Tuple(types)) = (&value.bare().kind, ty) {
            return items
                .iter()
                .zip(types.iter())
                .for_each(|(item, ty)| self.public_paths(attributes, item, ty));
        }
        for Written { name, value, ty } in entries(value, ty) {
            if let Some(attribute) = attributes.iter().find(|attribute| attribute.name == *name) {
                self.public_path(attribute, value, ty);
            }
        }
    }

    /// One attribute that may name a file, or hold some that do.
    pub(super) fn public_path(&mut self, attribute: &AttributeSchema, value: &Expr, ty: &Type) {
        if attribute.content {
            let message = format!("`{}` names a file, and would show a sensitive value", attribute.name);
            self.shown(ty, value, message);
        }
        if let Some(block) = &attribute.block {
            self.public_paths(&block.attributes, value, ty);
        }
    }
}
