//! Whatever is written, the answer is errors or a result, never a panic.

use proptest::prelude::*;

use crate::case::Case;

const EXAMPLES: &[&str] = &[
    include_str!("../cases/evaluate/ponyfoo.infra"),
    include_str!("../cases/evaluate/nodes.infra"),
    include_str!("../cases/evaluate/references.infra"),
    include_str!("../cases/evaluate/conditional.infra"),
    include_str!("../cases/evaluate/modules.infra"),
    include_str!("../cases/evaluate/lookups_answered.infra"),
    include_str!("../cases/evaluate/conditions.infra"),
    include_str!("../cases/evaluate/ephemeral.infra"),
    include_str!("../cases/evaluate/import.infra"),
    include_str!("../cases/evaluate/library.infra"),
    include_str!("../cases/evaluate/moved.infra"),
];

/// Words that take other words' places.
const WORDS: &[&str] = &[
    "null",
    "[]",
    "{}",
    "1",
    "\"x\"",
    "30s",
    "each.value",
    "self",
    "vpc.main",
    "local.nodes",
    "var.x",
    "-",
    "!",
    "*",
    "for_each",
    "when",
    "sensitive(1)",
    "data",
    "module",
    "try",
    "[*]",
    "...",
    "=",
    "{",
    "}",
];

/// Replaces, drops or doubles words of the root module; what it is given stays.
fn mutated(text: &str, changes: &[(prop::sample::Index, prop::sample::Index, u8)]) -> String {
    let all = text.split("#: expect").next().unwrap_or_default();
    let (source, given) = all.split_at(all.find("#: ").unwrap_or(all.len()));
    let mut words: Vec<&str> = source.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for (at, by, how) in changes {
        let at = at.index(words.len());
        match how % 3 {
            0 => words[at] = WORDS[by.index(WORDS.len())],
            1 => words[at] = "",
            _ => words.insert(at, words[by.index(words.len())]),
        }
    }
    words.push("\n");
    words.push(given);
    words.concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_panics(
        example in prop::sample::select(EXAMPLES),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let found = Case::read(&mutated(example, &changes)).evaluated();
        prop_assert!(!found.is_empty());
    }
}
