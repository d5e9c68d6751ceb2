//! Pages of the kinds, from their schemas.

use infra_lang::schema::{
    AttributeSchema, BlockSchema, KindSchema, Naming, Presence, Rule, SchemaSet, StepSchema,
};
use infra_lang::types::{Type, convert_value};

use super::{Chapter, Topic, examples, summary};

/// The kinds, in the order of their names.
pub fn topics(schemas: &SchemaSet) -> Vec<Topic> {
    let topic = |schema: &KindSchema| Topic {
        chapter: Chapter::Kinds,
        name: schema.name.to_string(),
        summary: summary(&schema.doc),
        text: Page { schemas, schema }.text(),
    };
    schemas.iter().map(topic).collect()
}

struct Page<'a> {
    schemas: &'a SchemaSet,
    schema: &'a KindSchema,
}

impl Page<'_> {
    fn text(&self) -> String {
        let schema = self.schema;
        let mut text = format!("# `{}`\n\n{}\n", schema.name, schema.doc.trim());
        if let Some(example) = examples::of(schema.name.as_str()) {
            text += &format!("\n## Example\n\n```hcl\n{}\n```\n", example.trim_end());
        }
        let (told, written): (Vec<_>, Vec<_>) =
            schema.attributes.iter().partition(|attribute| attribute.presence == Presence::Observed);
        if !schema.lookup_only {
            text += &section("Attributes", &self.list(&written, 0));
            text += &self.rules(&schema.rules, 0);
            text += &naming(&schema.naming);
        }
        text += &section("Told by AWS", &self.list(&told, 0));
        if !schema.steps.is_empty() {
            let steps: String = schema.steps.iter().map(|step| self.step(step)).collect();
            text += &section("Steps", &format!("They run in the order written.\n{steps}"));
        }
        if !schema.lookup.is_empty() {
            let title = format!("Looking one up: `data \"{}\"`", schema.name);
            text += &section(&title, &self.list(&schema.lookup.iter().collect::<Vec<_>>(), 0));
        }
        if !schema.id_pattern.is_empty() {
            text += &section("Ids", &format!("An id looks like `{}`.\n", schema.id_pattern));
        }
        text
    }

    fn list(&self, attributes: &[&AttributeSchema], depth: usize) -> String {
        attributes.iter().map(|attribute| self.attribute(attribute, depth)).collect()
    }

    fn attribute(&self, attribute: &AttributeSchema, depth: usize) -> String {
        let indent = "  ".repeat(depth);
        let mut facts = vec![shape(attribute)];
        facts.extend(self.presence(attribute));
        if attribute.immutable {
            facts.push("a change replaces the object".to_owned());
        }
        if attribute.sensitive {
            facts.push("secret".to_owned());
        }
        if attribute.content {
            facts.push("what is in the files counts, not the path".to_owned());
        }
        let doc = attribute.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut text = format!("{indent}* `{}`: {}. {doc}\n", attribute.name, facts.join(", "));
        if let Some(block) = &attribute.block {
            text += &self.block(block, depth + 1);
        }
        text
    }

    fn block(&self, block: &BlockSchema, depth: usize) -> String {
        self.list(&block.attributes.iter().collect::<Vec<_>>(), depth) + &self.rules(&block.rules, depth)
    }

    fn presence(&self, attribute: &AttributeSchema) -> Option<String> {
        match &attribute.presence {
            Presence::Required => Some("required".to_owned()),
            Presence::Optional | Presence::Observed => None,
            Presence::ObservedIfUnset => Some("AWS chooses if it is not set".to_owned()),
            Presence::Default(value) => {
                let typed = convert_value(value, &attribute.ty, self.schemas);
                Some(format!("by default `{}`", typed.unwrap_or_else(|_| value.clone())))
            }
        }
    }

    fn rules(&self, rules: &[Rule], depth: usize) -> String {
        let listed = |names: &[infra_lang::name::AttributeName]| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        let line = |rule: &Rule| match rule {
            Rule::ExactlyOne(names) => format!("Exactly one of {} is written.", listed(names)),
            Rule::AtMostOne(names) => format!("At most one of {} is written.", listed(names)),
            Rule::NotAbove(low, high) => format!("`{low}` is not above `{high}`."),
        };
        let indent = "  ".repeat(depth);
        let lines: String = rules.iter().map(|rule| format!("{indent}* {}\n", line(rule))).collect();
        if depth == 0 && !lines.is_empty() { format!("\n{lines}") } else { lines }
    }

    fn step(&self, step: &StepSchema) -> String {
        let doc = step.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let written: Vec<_> = step.block.attributes.iter().collect();
        let written: Vec<_> =
            written.into_iter().filter(|attribute| attribute.presence != Presence::Observed).collect();
        format!(
            "\n### `{}`\n\n{doc}\n\n{}{}",
            step.name,
            self.list(&written, 0),
            self.rules(&step.block.rules, 0)
        )
    }
}

fn section(title: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\n## {title}\n\n{text}") }
}

/// The type of an attribute, or how a nested block is repeated.
fn shape(attribute: &AttributeSchema) -> String {
    match &attribute.block {
        Some(block) if block.single => "block".to_owned(),
        Some(block) if block.key.is_empty() => "blocks".to_owned(),
        Some(block) => {
            let key: Vec<String> = block.key.iter().map(|name| format!("`{name}`")).collect();
            format!("blocks, told apart by {}", key.join(", "))
        }
        None if attribute.ty == Type::Any => "any".to_owned(),
        None => format!("`{}`", attribute.ty),
    }
}

fn naming(naming: &Naming) -> String {
    match naming {
        Naming::None | Naming::Written(_) => String::new(),
        Naming::Fixed { attribute, limit } => format!(
            "\nIts name is `{attribute}`, of {limit} characters at most; by default `PROJECT-LABEL`, and `-KEY` under \
             `for_each`.\n"
        ),
        Naming::Prefixed { attribute, prefix, limit } => format!(
            "\nIts name is `{attribute}`, of {limit} characters at most, or `{prefix}` and what makes it unique, so \
             that old and new can stand side by side; by default the prefix is `PROJECT-LABEL-`, with `KEY-` under \
             `for_each`.\n"
        ),
    }
}
