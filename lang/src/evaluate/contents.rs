//! Files behind attributes: what is in them counts, not their names. And rules that need known values.

use std::collections::BTreeMap;

use super::objects::nested;
use super::{Evaluator, Path, Stop, fail};
use crate::desired::Content;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::AttributeName;
use crate::program::{Module, Object};
use crate::residual::{Attributes, Residual};
use crate::schema::{AttributeSchema, BlockSchema, KindSchema, Rule, STEP_KIND, STEPS};
use crate::span::Span;
use crate::value::Value;

type Entries = BTreeMap<String, Residual>;

/// A path whose files count, what of it does not, and where it is written.
type Wanted = (String, Vec<String>, Span);

impl Evaluator<'_> {
    /// The attributes with the paths of those marked `content` from the project's directory on, where they are written
    /// from the module's: whoever reads the files later knows no modules.
    pub(super) fn rooted(&self, schema: &KindSchema, attributes: Attributes, path: &Path) -> Attributes {
        let directory = self.program.module(path).map_or("", Module::root);
        if directory.is_empty() {
            return attributes;
        }
        let moved = attributes.into_iter().map(|(name, value)| {
            let value = match schema.attribute(name.as_str()) {
                None if name == *STEPS => moved_steps(schema, &value, directory),
                known => known.map_or(value.clone(), |attribute| moved(attribute, &value, directory)),
            };
            (name, value)
        });
        moved.collect()
    }

    /// The files behind the attributes marked `content`, nested ones and those of steps included.
    pub(super) fn contents(
        &self,
        schema: &KindSchema,
        block: &Object,
        attributes: &Attributes,
    ) -> Result<BTreeMap<String, Content>, Stop> {
        let mut wanted = Vec::new();
        let top: Entries =
            attributes.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        collect(&schema.attributes, &top, block.header, &mut wanted);
        for (known, entries, place) in steps(schema, block, &top) {
            collect(&known.attributes, &entries, place, &mut wanted);
        }
        self.read_all(wanted)
    }

    fn read_all(&self, wanted: Vec<Wanted>) -> Result<BTreeMap<String, Content>, Stop> {
        let mut contents = BTreeMap::new();
        for (file, ignore, place) in wanted {
            match self.inputs.files.content(&file, &ignore) {
                Ok(content) => {
                    contents.insert(file, content);
                }
                Err(error) => {
                    let message = format!("`{file}` cannot be read: {error}");
                    return fail(Diagnostic::error(codes::FILE, place, message));
                }
            }
        }
        Ok(contents)
    }

    /// Rules over attributes, once their values are known.
    pub(super) fn check_rules(
        &self,
        schema: &KindSchema,
        block: &Object,
        attributes: &Attributes,
    ) -> Result<(), Stop> {
        let entries: Entries =
            attributes.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        let place = |name: &str| {
            let argument = block.arguments.iter().find(|argument| argument.name == *name);
            argument.map_or(block.header, |argument| argument.value.span)
        };
        rules(&schema.rules, &entries, block.header, &place).or_else(fail)?;
        nested_rules(&schema.attributes, &entries, &place).or_else(fail)?;
        for (known, entries, span) in steps(schema, block, &entries) {
            rules(&known.rules, &entries, span, &|_| span).or_else(fail)?;
        }
        Ok(())
    }
}

/// The steps with their schemas and places. A step left out by its `when` blurs the places to the whole block.
fn steps<'s>(
    schema: &'s KindSchema,
    block: &Object,
    attributes: &Entries,
) -> Vec<(&'s BlockSchema, Entries, Span)> {
    let steps = attributes.get(STEPS).and_then(Residual::items).unwrap_or_default();
    let exact = steps.len() == block.steps.len();
    let step = |(at, step): (usize, &Residual)| {
        let entries = step.entries()?;
        let kind = entries.get(STEP_KIND)?.known()?.as_str()?.to_owned();
        let known = schema.steps.iter().find(|known| known.name == *kind.as_str())?;
        let span = block.steps.get(at).filter(|_| exact).map_or(block.header, |step| step.span);
        Some((&known.block, entries, span))
    };
    steps.iter().enumerate().filter_map(step).collect()
}

fn moved_steps(schema: &KindSchema, steps: &Residual, directory: &str) -> Residual {
    let step = |step: Residual| {
        let entries = step.entries().unwrap_or_default();
        let kind = entries.get(STEP_KIND).and_then(|kind| kind.known()?.as_str().map(str::to_owned));
        let known = schema.steps.iter().find(|known| kind.as_deref() == Some(known.name.as_str()));
        known.map_or(step, |known| Residual::map(moved_entries(&known.block.attributes, entries, directory)))
    };
    Residual::list(steps.items().unwrap_or_default().into_iter().map(step).collect())
}

fn moved_entries(
    attributes: &[AttributeSchema],
    entries: BTreeMap<String, Residual>,
    directory: &str,
) -> BTreeMap<String, Residual> {
    let moved = entries.into_iter().map(|(name, value)| {
        let value =
            nested(attributes, &name).map_or(value.clone(), |attribute| moved(attribute, &value, directory));
        (name, value)
    });
    moved.collect()
}

fn moved(attribute: &AttributeSchema, value: &Residual, directory: &str) -> Residual {
    match (&attribute.block, value.items(), value.entries(), value.known()) {
        (Some(block), Some(items), ..) => {
            let inner = |item: Residual| match item.entries() {
                Some(entries) => Residual::map(moved_entries(&block.attributes, entries, directory)),
                None => item,
            };
            Residual::list(items.into_iter().map(inner).collect())
        }
        (Some(block), None, Some(entries), _) => {
            Residual::map(moved_entries(&block.attributes, entries, directory))
        }
        (None, .., Some(known)) if attribute.content => Residual::Known(moved_paths(known, directory)),
        _ => value.clone(),
    }
}

fn moved_paths(value: &Value, directory: &str) -> Value {
    match value {
        Value::String(path) => Value::string(format!("{directory}/{path}")),
        Value::List(items) => Value::List(items.iter().map(|item| moved_paths(item, directory)).collect()),
        Value::Set(items) => Value::Set(items.iter().map(|item| moved_paths(item, directory)).collect()),
        Value::Sensitive(inner) => Value::Sensitive(Box::new(moved_paths(inner, directory))),
        other => other.clone(),
    }
}

fn collect(attributes: &[AttributeSchema], entries: &Entries, place: Span, wanted: &mut Vec<Wanted>) {
    for (name, value) in entries {
        let Some(attribute) = nested(attributes, name) else { continue };
        match (&attribute.block, value.known()) {
            (None, Some(value)) if attribute.content => {
                let ignore = entries.get("ignore").map(texts).unwrap_or_default();
                wanted.extend(value_texts(value).into_iter().map(|path| (path, ignore.clone(), place)));
            }
            (Some(block), _) => {
                let items = value.items().unwrap_or_else(|| vec![value.clone()]);
                for entries in items.iter().filter_map(Residual::entries) {
                    collect(&block.attributes, &entries, place, wanted);
                }
            }
            _ => {}
        }
    }
}

fn texts(value: &Residual) -> Vec<String> {
    value.known().map(value_texts).unwrap_or_default()
}

/// The text of a string, the texts of a list.
fn value_texts(value: &Value) -> Vec<String> {
    match value.revealed() {
        Value::String(text) => vec![text.clone()],
        Value::List(items) => items.iter().flat_map(value_texts).collect(),
        Value::Set(items) => items.iter().flat_map(value_texts).collect(),
        _ => Vec::new(),
    }
}

fn nested_rules(
    attributes: &[AttributeSchema],
    entries: &Entries,
    place: &dyn Fn(&str) -> Span,
) -> Result<(), Diagnostic> {
    for (name, value) in entries {
        let Some(block) = nested(attributes, name).and_then(|attribute| attribute.block.as_ref()) else {
            continue;
        };
        let items = value.items().unwrap_or_else(|| vec![value.clone()]);
        let span = place(name);
        for entries in items.iter().filter_map(Residual::entries) {
            rules(&block.rules, &entries, span, &|_| span)?;
            nested_rules(&block.attributes, &entries, &|_| span)?;
        }
    }
    Ok(())
}

fn rules(
    rules: &[Rule],
    entries: &Entries,
    header: Span,
    place: &dyn Fn(&str) -> Span,
) -> Result<(), Diagnostic> {
    let given = |names: &[AttributeName]| -> Vec<String> {
        names.iter().map(|name| name.as_str().to_owned()).filter(|name| entries.contains_key(name)).collect()
    };
    for rule in rules {
        match rule {
            Rule::ExactlyOne(names) | Rule::AtMostOne(names) => match (given(names).as_slice(), rule) {
                ([first, second, ..], _) => {
                    let message = format!("`{first}` and `{second}` exclude each other");
                    return Err(Diagnostic::error(codes::RULE, place(second), message)
                        .label(place(first), format!("`{first}`")));
                }
                ([], Rule::ExactlyOne(_)) => {
                    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                    let message = format!("one of {} must be written", names.join(", "));
                    return Err(Diagnostic::error(codes::RULE, header, message));
                }
                _ => {}
            },
            Rule::NotAbove(low, high) => {
                let known = |name: &AttributeName| entries.get(name.as_str()).and_then(Residual::known);
                if let (Some(a), Some(b)) = (known(low), known(high))
                    && comparable(a, b)
                    && a > b
                {
                    let message = format!("`{low}`, {a}, is above `{high}`, {b}");
                    return Err(Diagnostic::error(codes::RULE, place(low.as_str()), message)
                        .label(place(high.as_str()), format!("`{high}`")));
                }
            }
        }
    }
    Ok(())
}

fn comparable(a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::Number(_), Value::Number(_)) | (Value::Quantity(_), Value::Quantity(_)))
}
