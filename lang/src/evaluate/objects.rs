//! Objects: their attributes converted to the schema's types, with defaults, names and the project's tags.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Eval, Evaluator, Scope, Stop, fail, naming};
use crate::address::{Address, Mode};
use crate::ast::Expr;
use crate::check::{attribute_of, block_type, default_of, extra_type, written_type};
use crate::desired::DesiredObject;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::AttributeName;
use crate::program::{Argument, Object, Step};
use crate::residual::{Attributes, Residual};
use crate::schema::{AttributeSchema, BlockSchema, ENV, KindSchema, Presence, RENDERED, STEP_KIND, STEPS};
use crate::span::Span;
use crate::types::{Type, convert};
use crate::value::{Dimension, Value};

impl Evaluator<'_> {
    /// An object as the configuration wants it.
    pub(super) fn object(&self, object: &Address) -> Result<Rc<DesiredObject>, Stop> {
        let build =
            || self.remembered(|memo| &mut memo.objects, object.clone(), || self.build(object).map(Rc::new));
        // What it is made of is its own affair: whoever reads it comes after it, and so after that.
        self.apart(build).0
    }

    fn build(&self, object: &Address) -> Result<DesiredObject, Stop> {
        let schema = self.program.schemas.kind(object.kind.as_str()).ok_or(Stop::Reported)?;
        let (block, scope) = self.declaration(object)?;
        let (attributes, sources) = self.apart(|| self.attributes(object, schema, block, &scope));
        let attributes = attributes?;
        self.check_rules(schema, block, &attributes)?;
        let attributes = self.rooted(schema, attributes, &object.module);
        let contents = self.contents(schema, block, &attributes)?;
        let lifecycle = self.lifecycle(block, &scope)?;
        let triggers = lifecycle.replace_triggered_by.iter().map(|trigger| &trigger.object);
        let mut depends_on = self.unseen(&attributes, sources.objects.iter().chain(triggers));
        depends_on.extend(self.written_order(object, block, &scope)?);
        depends_on.remove(object);
        Ok(DesiredObject {
            address: object.clone(),
            attributes,
            contents,
            depends_on,
            lifecycle,
            conditions: sources.conditions.clone(),
            timeouts: self.timeouts(&block.timeouts, &scope)?,
            span: block.header,
            attribute_spans: block
                .arguments
                .iter()
                .map(|argument| (argument.name.clone(), argument.span))
                .collect(),
        })
    }

    /// The attributes: written ones, defaults, steps, tags and names.
    fn attributes(
        &self,
        object: &Address,
        schema: &KindSchema,
        block: &Object,
        scope: &Scope,
    ) -> Result<Attributes, Stop> {
        let mut attributes = self.arguments(object, &block.arguments, scope)?;
        fill_defaults(schema, &mut attributes);
        if !schema.steps.is_empty() {
            let steps = self.steps(schema, &block.steps, scope)?;
            attributes.insert(STEPS.into(), Residual::list(steps));
        }
        self.tag(schema, block, &mut attributes)?;
        naming::name(&self.project()?.0, schema, object, block, &mut attributes).or_else(fail)?;
        for attribute in &schema.attributes {
            if let (Some(nested), Some(value)) = (&attribute.block, attributes.get_mut(&attribute.name)) {
                *value = by_key(nested, value.clone());
            }
        }
        Ok(attributes)
    }

    /// The written attributes. All errors among them are reported; null leaves an attribute out.
    pub(super) fn arguments(
        &self,
        object: &Address,
        arguments: &[Argument],
        scope: &Scope,
    ) -> Result<Attributes, Stop> {
        let schema = self.program.schemas.kind(object.kind.as_str()).ok_or(Stop::Reported)?;
        let mut attributes = Attributes::new();
        let mut stopped = None;
        for argument in arguments {
            match self.reported(self.argument(object.mode, schema, argument, scope)) {
                Ok(Residual::Known(Value::Null)) => {}
                Ok(value) => {
                    attributes.insert(argument.name.clone(), value);
                }
                Err(stop) => stopped = Some(stop),
            }
        }
        stopped.map_or(Ok(attributes), Err)
    }

    fn argument(&self, mode: Mode, schema: &KindSchema, argument: &Argument, scope: &Scope) -> Eval {
        let attribute = attribute_of(mode, schema, argument.name.as_str());
        let ty = match attribute {
            Some(attribute) => written_type(attribute),
            None => extra_type(mode, schema, argument.name.as_str()).ok_or(Stop::Reported)?,
        };
        let required = attribute.is_some_and(|attribute| attribute.presence == Presence::Required);
        let value = self.wanted(&argument.value, &if required { ty } else { ty.nullable() }, scope)?;
        Ok(if attribute.is_some_and(|attribute| attribute.sensitive) && value != Value::Null.into() {
            value.concealed()
        } else {
            value
        })
    }

    /// The value of an expression as one of a type, all that has been looked up put in.
    pub(super) fn wanted(&self, expr: &Expr, ty: &Type, scope: &Scope) -> Eval {
        let value = self.evaluate(expr, scope)?;
        self.converted(&value, ty, expr)
    }

    pub(super) fn converted(&self, value: &Residual, ty: &Type, expr: &Expr) -> Eval {
        let schemas = &self.program.schemas;
        match convert(value, ty, schemas).map(|value| self.answered(&self.handles(value))) {
            // An answer may have to be converted, as any value; a literal may have been one already.
            Ok(answered) if answered != *value => {
                convert(&answered, ty, schemas).or_else(|error| fail(mismatch(expr, &error)))
            }
            Ok(value) => Ok(value),
            Err(error) => fail(mismatch(expr, &error)),
        }
    }

    /// No reference to a whole object leaves evaluation: where no type asked for its id, it is its id all the same.
    pub(super) fn handles(&self, value: Residual) -> Residual {
        value.with_leaves(&|leaf| match leaf {
            Residual::Attribute(reference) if reference.is_whole() => {
                Residual::Attribute(reference.to_handle(&self.program.schemas))
            }
            other => other,
        })
    }

    fn steps(&self, schema: &KindSchema, steps: &[Step], scope: &Scope) -> Result<Vec<Residual>, Stop> {
        let mut taken = Vec::new();
        let mut stopped = None;
        for step in steps {
            match self.reported(self.step(schema, step, scope)) {
                Ok(step) => taken.extend(step),
                Err(stop) => stopped = Some(stop),
            }
        }
        stopped.map_or(Ok(taken), Err)
    }

    /// A step with its name; `None` if its `when` says no.
    fn step(&self, schema: &KindSchema, step: &Step, scope: &Scope) -> Result<Option<Residual>, Stop> {
        if let Some(when) = &step.when
            && !self.decided(when, scope, "a step's `when`")?
        {
            return Ok(None);
        }
        let known = schema.steps.iter().find(|known| known.name == step.name).ok_or(Stop::Reported)?;
        let arguments = self.wanted(&step.value, &block_type(&known.block), scope)?;
        let mut entries = by_key_inside(&known.block, arguments).entries().unwrap_or_default();
        if known.block.attributes.iter().any(|attribute| attribute.name == *RENDERED) {
            let text = self.rendered_step(&entries, step.span, scope)?;
            entries.insert(RENDERED.to_owned(), text);
        }
        if let Some(env) = entries.remove(ENV) {
            entries.insert(ENV.to_owned(), sheltered(env));
        }
        entries.insert(STEP_KIND.to_owned(), Value::string(step.name.as_str()).into());
        Ok(Some(Residual::map(entries)))
    }

    /// What comes of a step's template.
    fn rendered_step(&self, entries: &BTreeMap<String, Residual>, span: Span, scope: &Scope) -> Eval {
        let variables = entries.get("vars").filter(|vars| vars.known() != Some(&Value::Null));
        let variables = variables.cloned().unwrap_or_else(|| Residual::map(BTreeMap::new()));
        match entries.get("source").and_then(|source| source.known()?.as_str()) {
            Some(path) => self.rendered(path, variables, span, scope),
            None => {
                fail(Diagnostic::error(codes::FILE, span, "the path of a template is known only after apply"))
            }
        }
    }

    /// Adds the project's tags to those of a tagged object, which win.
    fn tag(&self, schema: &KindSchema, block: &Object, attributes: &mut Attributes) -> Result<(), Stop> {
        if !schema.tagged {
            return Ok(());
        }
        let mut tags = self.project()?.1.clone();
        match attributes.remove("tags") {
            Some(own) => match own.entries() {
                Some(own) => tags.extend(own),
                None => {
                    let merged = crate::functions::apply("merge", vec![Residual::map(tags), own]);
                    attributes.insert("tags".into(), merged.map_err(super::at(block.header))?);
                    return Ok(());
                }
            },
            None if tags.is_empty() => return Ok(()),
            None => {}
        }
        if let Some((key, _)) = tags.iter().find(|(_, value)| value.is_sensitive()) {
            let place = block.arguments.iter().find(|argument| argument.name == "tags");
            let place = place.map_or(block.header, |argument| argument.value.span);
            let message = format!("the tag `{key}` would show a sensitive value");
            return fail(Diagnostic::error(codes::SECRET, place, message));
        }
        attributes.insert("tags".into(), Residual::map(tags));
        Ok(())
    }

    fn timeouts(&self, timeouts: &[Argument], scope: &Scope) -> Result<BTreeMap<String, u64>, Stop> {
        let ty = Type::quantity(Dimension::Duration);
        let seconds = |argument: &Argument| match self.wanted(&argument.value, &ty, scope)?.uncovered().0 {
            Residual::Known(Value::Quantity(quantity)) => {
                let seconds = quantity.amount.ceil().to_i64().and_then(|seconds| u64::try_from(seconds).ok());
                Ok((argument.name.as_str().to_owned(), seconds.unwrap_or(0)))
            }
            waiting => Err(self.not_at_plan(&waiting, argument.value.span, "a timeout")),
        };
        timeouts.iter().map(seconds).collect()
    }
}

/// A step's environment, every secret under a label of its own: what it is made of must not enter an image's identity,
/// even where `nonsensitive` has taken the label of an ephemeral value away.
fn sheltered(env: Residual) -> Residual {
    match env {
        Residual::Map(entries) => {
            let entries = entries.into_iter();
            Residual::map(entries.map(|(name, value)| (name, labelled(value))).collect())
        }
        other => labelled(other),
    }
}

fn labelled(value: Residual) -> Residual {
    if value.known().is_none() && value.is_sensitive() { value.concealed() } else { value }
}

pub(super) fn mismatch(expr: &Expr, error: &crate::types::Mismatch) -> Diagnostic {
    let code = if error.null { codes::NULL } else { codes::TYPE };
    let diagnostic = Diagnostic::error(code, expr.span, error.to_string());
    match &error.suggestion {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

fn fill_defaults(schema: &KindSchema, attributes: &mut Attributes) {
    for attribute in &schema.attributes {
        if let Presence::Default(value) = &attribute.presence {
            let missing = !attributes.contains_key(&attribute.name);
            if missing && *value != Value::Null {
                attributes.insert(attribute.name.clone(), default_of(attribute, value).into());
            }
        }
    }
}

/// Nested blocks with a natural key in the order of it, so that the order written never counts.
fn by_key(block: &BlockSchema, value: Residual) -> Residual {
    let Some(items) = value.items().filter(|_| !block.single) else { return by_key_inside(block, value) };
    let mut items: Vec<Residual> = items.into_iter().map(|item| by_key_inside(block, item)).collect();
    if !block.key.is_empty() {
        items.sort_by_cached_key(|item| natural_key(block, item));
    }
    Residual::list(items)
}

fn by_key_inside(block: &BlockSchema, value: Residual) -> Residual {
    let (plain, hidden) = value.uncovered();
    let Some(mut entries) = plain.entries() else { return if hidden { plain.concealed() } else { plain } };
    for attribute in &block.attributes {
        if let (Some(nested), Some(value)) = (&attribute.block, entries.get_mut(attribute.name.as_str())) {
            *value = by_key(nested, value.clone());
        }
        if attribute.sensitive
            && let Some(value) = entries.get_mut(attribute.name.as_str())
        {
            *value = value.clone().concealed();
        }
    }
    let sorted = Residual::map(entries);
    if hidden { sorted.concealed() } else { sorted }
}

/// Numbers by their value, everything else by its text.
fn natural_key(block: &BlockSchema, item: &Residual) -> Vec<(Option<Value>, String)> {
    let entries = item.entries().unwrap_or_default();
    let part = |name: &AttributeName| {
        let value = entries.get(name.as_str());
        (value.and_then(Residual::known).cloned(), value.map_or(String::new(), Residual::to_string))
    };
    block.key.iter().map(part).collect()
}

/// The attribute of that name, nested ones included, for the walk over contents.
pub(super) fn nested<'a>(attributes: &'a [AttributeSchema], name: &str) -> Option<&'a AttributeSchema> {
    attributes.iter().find(|attribute| attribute.name == *name)
}
