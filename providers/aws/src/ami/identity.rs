//! What an image is made from, as one digest, and each input of it by name, so that a difference can be explained.
//!
//! The digest of a layer covers its base by the base's digest, not by its id: a whole chain is known before any of it
//! is built. Secrets enter by their names only, for the digest is a public tag.

use std::collections::BTreeMap;

use infra_engine::change::Identity;
use infra_lang::address::{Address, Mode};
use infra_lang::desired::{Content, DesiredObject};
use infra_lang::residual::{Attributes, Residual};
use infra_lang::schema::{AttributeSchema, BlockSchema, KindSchema, Presence, RENDERED, STEP_KIND, STEPS};
use infra_lang::value::Value;
use sha2::{Digest as _, Sha256};

use super::steps::numbered;
use crate::transport::archive::base_name;

/// Grows when equal inputs would no longer give an equal image.
const VERSION: u32 = 1;

/// Attributes of an image that its contents depend on, beside its base and its steps.
const ATTRIBUTES: [&str; 6] =
    ["architecture", "ssh_user", "root_block_device", "ebs_block_device", "triggers", "revision"];

/// Arguments of steps that the result does not depend on. What is ignored of a tree is missing from its contents.
const ASIDE: [&str; 8] =
    [STEP_KIND, "when", "timeout", "retries", "retry_delay", "collect", "strict", "ignore"];

/// What leaves out files: it counts by what is left.
const FILTER: &str = "ignore";

/// What a layer has from its base where it does not say so itself.
const INHERITED: [&str; 2] = ["architecture", "ssh_user"];

/// Steps that leave the image as it is.
const WITHOUT_TRACE: [&str; 1] = ["test"];

/// Larger trees are one input; of smaller ones each file is.
const NAMED_FILES: usize = 200;

/// Longer texts are told by their digest.
const TOLD_TEXT: usize = 80;

/// Whether the digest of an image cannot be told without an argument of a step.
pub(super) fn depends_on(step: &str, argument: &str) -> bool {
    !WITHOUT_TRACE.contains(&step) && (!ASIDE.contains(&argument) || argument == FILTER)
}

/// The identity of an image; none if an input other than the base's id is not known yet.
pub(super) fn identity(
    schema: &KindSchema,
    object: &DesiredObject,
    parent: &dyn Fn(&Address) -> Option<Identity>,
) -> Option<Identity> {
    let mut inputs =
        Inputs { told: base(object.attributes.get("base")?, parent)?, contents: &object.contents };
    for name in ATTRIBUTES {
        if let Some(residual) = object.attributes.get(name) {
            inputs.value(name, &known(residual)?);
        }
    }
    inputs.steps(schema, &steps(&object.attributes)?)?;
    Some(Identity { digest: digest(&inputs.told), inputs: inputs.told })
}

/// The digest of a base of this project and what a layer has from it, or the id of any other base.
fn base(
    residual: &Residual,
    parent: &dyn Fn(&Address) -> Option<Identity>,
) -> Option<BTreeMap<String, String>> {
    match residual {
        Residual::Attribute(reference) if reference.object.mode == Mode::Managed => {
            let Identity { digest, inputs } = parent(&reference.object)?;
            let inherited = inputs.into_iter().filter(|(name, _)| INHERITED.contains(&name.as_str()));
            Some(inherited.chain([("base".to_owned(), digest)]).collect())
        }
        other => Some(BTreeMap::from([("base".to_owned(), known(other)?.as_str()?.to_owned())])),
    }
}

/// Over the version and the inputs as JSON, whose keys a `BTreeMap` keeps in order.
fn digest(inputs: &BTreeMap<String, String>) -> String {
    // A map of strings to strings always has a JSON form.
    let inputs = serde_json::to_string(inputs).unwrap_or_default();
    hex::encode(Sha256::digest(format!("{VERSION} {inputs}")))
}

/// The steps, in the order written; a secret that waits counts as a secret.
fn steps(attributes: &Attributes) -> Option<Vec<BTreeMap<String, Value>>> {
    let Some(residual) = attributes.get(STEPS) else { return Some(Vec::new()) };
    let Value::List(steps) = known(residual)? else { return None };
    let step = |step: Value| match step {
        Value::Map(arguments) => Some(arguments),
        _ => None,
    };
    steps.into_iter().map(step).collect()
}

/// The value of a residual without references; what of a secret is not known is a secret all the same.
pub(super) fn known(residual: &Residual) -> Option<Value> {
    Some(match residual {
        Residual::Known(value) => value.clone(),
        Residual::List(items) => Value::List(items.iter().map(known).collect::<Option<_>>()?),
        Residual::Set(items) => Value::Set(items.iter().map(known).collect::<Option<_>>()?),
        Residual::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((key.clone(), known(value)?)));
            Value::Map(entries.collect::<Option<_>>()?)
        }
        waiting if waiting.is_sensitive() => Value::Sensitive(Box::new(Value::Null)),
        _ => return None,
    })
}

/// Gathers inputs by name.
struct Inputs<'a> {
    told: BTreeMap<String, String>,
    contents: &'a BTreeMap<String, Content>,
}

impl Inputs<'_> {
    /// Objects are told field by field; what is null or empty is as if it were not written.
    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Map(entries) => {
                entries.iter().for_each(|(key, value)| self.value(&format!("{name}.{key}"), value));
            }
            Value::List(items) if items.is_empty() => {}
            Value::Set(items) if items.is_empty() => {}
            other => {
                self.told.insert(name.to_owned(), text(other));
            }
        }
    }

    /// The files of a path: each of a small tree, a large one as a whole.
    fn content(&mut self, name: &str, path: &str) -> Option<()> {
        let content = self.contents.get(path)?;
        let is_file = content.entries.contains_key("");
        if is_file || content.entries.is_empty() || content.entries.len() > NAMED_FILES {
            self.told.insert(name.to_owned(), content.digest.clone());
            return Some(());
        }
        for (path, entry) in &content.entries {
            let mark = if entry.link {
                " link"
            } else if entry.executable {
                " executable"
            } else {
                ""
            };
            self.told.insert(format!("{name}: {path}"), format!("{}{mark}", entry.digest));
        }
        Some(())
    }

    /// All steps, and the order they are written in.
    fn steps(&mut self, schema: &KindSchema, steps: &[BTreeMap<String, Value>]) -> Option<()> {
        let mut counts = BTreeMap::new();
        let mut order = Vec::new();
        for arguments in steps {
            let word = arguments.get(STEP_KIND)?.as_str()?;
            if arguments.get("when") == Some(&Value::Bool(false)) || WITHOUT_TRACE.contains(&word) {
                continue;
            }
            let name = numbered(&mut counts, word);
            let known = schema.steps.iter().find(|step| step.name == *word)?;
            self.step(&name, &known.block, arguments)?;
            order.push(word);
        }
        if !order.is_empty() {
            self.told.insert("steps".to_owned(), order.join(" "));
        }
        Some(())
    }

    /// One step. Arguments that have their default are left out, so that a new argument changes no digest.
    fn step(&mut self, name: &str, block: &BlockSchema, arguments: &BTreeMap<String, Value>) -> Option<()> {
        let rendered = arguments.contains_key(RENDERED);
        for schema in &block.attributes {
            let argument = schema.name.as_str();
            let Some(value) = arguments.get(argument).filter(|value| **value != Value::Null) else {
                continue;
            };
            let settled = is_default(schema, value) || ASIDE.contains(&argument);
            if settled || rendered && ["source", "vars"].contains(&argument) {
                continue;
            }
            let name = format!("{name}.{argument}");
            match value.as_str() {
                Some(path) if schema.content => self.content(&name, path)?,
                _ => self.value(&name, value),
            }
        }
        self.own_name(name, arguments);
        Some(())
    }

    /// The source's own name counts where the destination only says into which directory.
    fn own_name(&mut self, name: &str, arguments: &BTreeMap<String, Value>) {
        let argument = |argument: &str| arguments.get(argument).and_then(Value::as_str);
        if let (Some(source), Some(true)) =
            (argument("source"), argument("destination").map(|path| path.ends_with('/')))
        {
            self.told.insert(format!("{name}.name"), text(&Value::string(base_name(source))));
        }
    }
}

fn is_default(schema: &AttributeSchema, value: &Value) -> bool {
    matches!(&schema.presence, Presence::Default(default) if default == value)
}

/// A short text as it is written, a long one by its digest, a secret as such.
fn text(value: &Value) -> String {
    let text = value.to_string();
    match text.len() > TOLD_TEXT {
        true => format!("sha256 {}", hex::encode(Sha256::digest(text))),
        false => text,
    }
}

#[cfg(test)]
mod tests;
