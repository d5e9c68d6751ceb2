//! The reference: what there is to say of every kind, function, block, type, command and code, made from the code.

mod commands;
mod examples;
mod functions;
mod kinds;
mod words;

use std::collections::BTreeMap;

use infra_lang::explain::explanations;
use infra_lang::schema::SchemaSet;

use crate::commands::explain;

/// A part of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    Kinds,
    Blocks,
    Types,
    Functions,
    Commands,
    Diagnostics,
}

impl Chapter {
    /// All, in the order of the index.
    pub const ALL: [Self; 6] =
        [Self::Kinds, Self::Blocks, Self::Types, Self::Functions, Self::Commands, Self::Diagnostics];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Kinds => "Kinds",
            Self::Blocks => "Blocks",
            Self::Types => "Types",
            Self::Functions => "Functions",
            Self::Commands => "Commands",
            Self::Diagnostics => "Diagnostics",
        }
    }
}

/// One thing that the reference tells about.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Where it belongs.
    pub chapter: Chapter,
    /// What it is asked for by.
    pub name: String,
    /// One line.
    pub summary: String,
    /// All of it, in Markdown, with a heading of the first level.
    pub text: String,
}

/// Everything there is to tell.
pub fn topics(schemas: &SchemaSet) -> Vec<Topic> {
    let codes = explanations().map(|of| Topic {
        chapter: Chapter::Diagnostics,
        name: of.code.0.to_owned(),
        summary: of.title.to_owned(),
        text: explain::page(of),
    });
    let mut topics = kinds::topics(schemas);
    topics.extend(words::blocks());
    topics.extend(words::types());
    topics.extend(functions::topics());
    topics.extend(commands::topics());
    topics.extend(codes);
    topics
}

/// The pages as files, by their paths in the folder of the reference: one for each kind and one for each other chapter.
pub fn pages(topics: &[Topic]) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::from([("README.md".to_owned(), index(topics))]);
    for topic in topics {
        match topic.chapter {
            Chapter::Kinds => drop(pages.insert(path(topic), topic.text.clone())),
            chapter => {
                let page = pages.entry(path(topic)).or_insert_with(|| format!("# {}\n", chapter.title()));
                *page += &format!("\n{}", deeper(&topic.text));
            }
        }
    }
    pages
}

/// The file that holds a topic.
fn path(topic: &Topic) -> String {
    match topic.chapter {
        Chapter::Kinds => format!("kinds/{}.md", topic.name),
        chapter => format!("{}.md", chapter.title().to_lowercase()),
    }
}

/// Markdown with each heading a level lower; what looks like one in code stays.
fn deeper(text: &str) -> String {
    let mut fenced = false;
    let mut line = |line: &str| {
        fenced ^= line.starts_with("```");
        let mark = if !fenced && line.starts_with('#') { "#" } else { "" };
        format!("{mark}{line}\n")
    };
    text.lines().map(&mut line).collect()
}

/// The page that leads to the others.
fn index(topics: &[Topic]) -> String {
    let mut text =
        "# Reference\n\nMade from the code by `infra docs --out docs/reference`; `infra docs TOPIC` shows a \
                    part of it.\n"
            .to_owned();
    for chapter in Chapter::ALL {
        text += &format!("\n## {}\n\n", chapter.title());
        for topic in topics.iter().filter(|topic| topic.chapter == chapter) {
            text += &format!("* [`{}`]({}) {}\n", topic.name, link(topic), topic.summary);
        }
    }
    text
}

fn link(topic: &Topic) -> String {
    match topic.text.lines().next().filter(|_| topic.chapter != Chapter::Kinds) {
        Some(heading) => format!("{}#{}", path(topic), anchor(heading)),
        None => path(topic),
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The first sentence of a text, on one line.
fn summary(text: &str) -> String {
    let line = text.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ");
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    line[..end].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
