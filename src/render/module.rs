//! The page of a module of the standard library, in Markdown, made from its source.

use infra_lang::ast::{Block, File};
use infra_lang::span::{SourceMap, Span};

use crate::standard::StandardModule;

/// What a module is for, an example, its inputs and its outputs.
pub fn page(module: &StandardModule) -> String {
    let mut sources = SourceMap::default();
    let id = sources.add("main.infra", module.text);
    let (file, _) = infra_lang::parse(id, module.text);
    let (intro, _) = comment(module.text);
    let (about, example) = comment(module.example);
    let parts = [
        format!("# std/{}", module.name),
        intro,
        format!("## Example\n\n{about}\n\n```hcl\n{}```", example.trim_start_matches('\n')),
        types(&file, &sources),
        format!("## Inputs\n\n{}", inputs(&file, &sources)),
        format!("## Outputs\n\n{}", outputs(&file)),
    ];
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}

/// What a module is for: the first sentence of its source.
pub fn summary(module: &StandardModule) -> String {
    let (intro, _) = comment(module.text);
    let paragraph = intro.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    paragraph.split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
}

/// The comment that a text begins with, without its signs, and the rest.
fn comment(text: &str) -> (String, &str) {
    let length: usize =
        text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    let (comment, rest) = text.split_at(length);
    let lines: Vec<&str> = comment.lines().map(|line| line.trim_start_matches('#').trim()).collect();
    (lines.join("\n"), rest)
}

/// The named types, as they are written.
fn types(file: &File, sources: &SourceMap) -> String {
    let blocks = blocks(file, "types").map(|block| format!("```hcl\n{}\n```", sources.text(block.span)));
    let blocks: Vec<String> = blocks.collect();
    if blocks.is_empty() { String::new() } else { format!("## Types\n\n{}", blocks.join("\n\n")) }
}

fn inputs(file: &File, sources: &SourceMap) -> String {
    let input = |block: &Block| {
        let ty = block.body.attribute("type").map(|ty| one_line(sources, ty.value.span));
        let default = block.body.attribute("default").map(|default| one_line(sources, default.value.span));
        let default = default.map_or("required".to_owned(), |default| format!("default `{default}`"));
        let ty = ty.map(|ty| format!("`{ty}`, ")).unwrap_or_default();
        format!("- **`{}`** ({ty}{default}): {}\n", name(block), description(block))
    };
    blocks(file, "variable").map(input).collect()
}

fn outputs(file: &File) -> String {
    let output = |block: &Block| format!("- **`{}`**: {}\n", name(block), description(block));
    blocks(file, "output").map(output).collect()
}

fn blocks<'a>(file: &'a File, kind: &'a str) -> impl Iterator<Item = &'a Block> {
    file.body.blocks().filter(move |block| block.kind.as_str() == kind)
}

fn name(block: &Block) -> &str {
    block.labels.first().map_or("", |label| label.text.as_str())
}

fn description(block: &Block) -> &str {
    block.body.attribute("description").and_then(|text| text.value.as_string()).unwrap_or_default()
}

/// An expression on one line: where a line ended between entries stands a comma.
fn one_line(sources: &SourceMap, span: Span) -> String {
    let mut out = String::new();
    for line in sources.text(span).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")) {
        let joint = match (out.chars().last(), line.chars().next()) {
            (None, _) => "",
            (Some('{' | '[' | '(' | ','), _) | (_, Some('}' | ']' | ')')) => " ",
            _ => ", ",
        };
        out = out + joint + &line;
    }
    out
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::standard::MODULES;

    #[test]
    fn the_modules_pages_are_made_from_their_sources() {
        for module in MODULES {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib").join(module.name).join("README.md");
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&path, page(module)).expect("written");
            }
            let written = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                written,
                page(module),
                "{}: write it with `UPDATE=1 cargo test --bin infra the_modules_pages`",
                path.display()
            );
        }
    }

    #[test]
    fn every_input_and_output_says_what_it_is_for() {
        for module in MODULES {
            let (file, problems) = infra_lang::parse(infra_lang::span::FileId(0), module.text);
            assert_eq!(problems, []);
            let undescribed = file.body.blocks().filter(|block| {
                ["variable", "output"].contains(&block.kind.as_str()) && description(block).is_empty()
            });
            assert_eq!(undescribed.map(name).collect::<Vec<_>>(), [""; 0], "{}", module.name);
        }
    }
}
