//! Pages of the builtin functions.

use infra_lang::functions::{example, functions};

use super::{Chapter, Topic, summary};

/// The functions, in the order of their names.
pub fn topics() -> Vec<Topic> {
    let mut topics: Vec<Topic> = functions()
        .map(|function| {
            let example = example(function.name);
            let shown = example.map_or(String::new(), |example| {
                format!("\n```hcl\n{} # {}\n```\n", example.expression, example.result)
            });
            Topic {
                chapter: Chapter::Functions,
                name: function.name.to_owned(),
                summary: summary(function.doc),
                text: format!(
                    "# `{0}`\n\n`{0}{1}`\n\n{2}\n{shown}",
                    function.name, function.signature, function.doc
                ),
            }
        })
        .collect();
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    topics
}
