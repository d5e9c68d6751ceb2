use std::collections::BTreeSet;
use std::path::Path;

use infra_lang::Source;
use infra_lang::explain::explanations;
use infra_lang::span::SourceMap;

use super::*;

/// The folder of the pages in the repository.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference");

#[test]
fn the_pages_in_the_repository_are_those_of_the_code() {
    let pages = pages(&topics(&infra_aws::schemas()));
    for (path, text) in &pages {
        let found = std::fs::read_to_string(Path::new(FOLDER).join(path)).unwrap_or_default();
        assert!(found == *text, "{path} is out of date: run `cargo run -- docs --out docs/reference`");
    }
    let kinds = std::fs::read_dir(Path::new(FOLDER).join("kinds")).expect("the folder of kinds");
    for entry in kinds {
        let name = entry.expect("an entry").file_name();
        let path = format!("kinds/{}", name.to_string_lossy());
        assert!(pages.contains_key(&path), "{path} is of no kind any more: delete it");
    }
}

/// The codes of what is wrong with a configuration of one file.
fn codes(text: &str) -> Vec<&'static str> {
    let own = text.contains("project \"");
    let text = if own {
        text.to_owned()
    } else {
        format!("project \"shop\" {{ region = \"us-east-1\" }}\n{text}\n")
    };
    let mut map = SourceMap::default();
    let id = map.add("main.infra", text);
    let (file, mut found) = infra_lang::parse(id, &map.file(id).text);
    let source = Source { directory: String::new(), file };
    found.extend(infra_lang::check(&[source], &infra_aws::schemas()).err().unwrap_or_default());
    found.iter().map(|found| found.code.0).collect()
}

#[test]
fn every_kind_has_an_example_that_is_valid_and_formatted() {
    for schema in infra_aws::schemas().iter() {
        let example =
            examples::of(schema.name.as_str()).unwrap_or_else(|| panic!("{} has no example", schema.name));
        assert_eq!(codes(example), Vec::<&str>::new(), "{}", schema.name);
        assert_eq!(infra_lang::format(example).as_deref(), Ok(example), "{}", schema.name);
    }
}

#[test]
fn what_is_explained_is_right_with_the_real_kinds() {
    for explanation in
        explanations().filter(|of| !of.right.contains("source =") && !of.right.contains("test \""))
    {
        let found = codes(explanation.right);
        assert!(found.is_empty(), "{}: {found:?}", explanation.code);
    }
}

#[test]
fn links_lead_to_headings() {
    let topics = topics(&infra_aws::schemas());
    let pages = pages(&topics);
    let mut seen = BTreeSet::new();
    for topic in &topics {
        let link = link(topic);
        let (file, anchor_of) = link.split_once('#').unwrap_or((&link, ""));
        let page = pages.get(file).unwrap_or_else(|| panic!("{file} does not exist"));
        let there = page.lines().any(|line| line.starts_with('#') && anchor(line) == anchor_of);
        assert!(anchor_of.is_empty() || there, "{link}");
        assert!(seen.insert(link.clone()), "{link} stands twice");
    }
}
