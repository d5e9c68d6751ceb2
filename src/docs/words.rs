//! Pages of the language's own blocks and types.

use infra_lang::language::{BlockPage, blocks as all_blocks, types as all_types};

use super::{Chapter, Topic, summary};

/// The blocks.
pub fn blocks() -> impl Iterator<Item = Topic> {
    all_blocks().iter().map(|block| Topic {
        chapter: Chapter::Blocks,
        name: block.name.to_owned(),
        summary: summary(block.doc),
        text: block_page(block),
    })
}

fn block_page(block: &BlockPage) -> String {
    let line = |(name, form, doc): &(&str, &str, &str)| format!("* `{name}`: {form}. {doc}\n");
    let attributes: String = block.attributes.iter().map(line).collect();
    format!(
        "# `{}`\n\n{}\n\n{attributes}\n```hcl\n{}\n```\n",
        block.header,
        block.doc.split_whitespace().collect::<Vec<_>>().join(" "),
        block.example
    )
}

/// The types.
pub fn types() -> impl Iterator<Item = Topic> {
    all_types().iter().map(|page| Topic {
        chapter: Chapter::Types,
        name: page.name.to_owned(),
        summary: summary(page.doc),
        text: format!("# `{}`\n\n{}\n\nWritten `{}`.\n", page.name, page.doc, page.form),
    })
}
