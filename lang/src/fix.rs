//! Applying suggestions: what `infra validate --fix` writes.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Edit};
use crate::span::FileId;

/// The edits of all sure suggestions, by file, in the order of their places, such that no two overlap.
///
/// A suggestion is taken whole or not at all. One that overlaps what is taken already is left for the next round: it
/// may look different once the first is applied.
pub fn sure_edits(diagnostics: &[Diagnostic]) -> BTreeMap<FileId, Vec<Edit>> {
    let mut taken: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.sure) {
        let free = |edit: &Edit| {
            taken.get(&edit.span.file).is_none_or(|edits| edits.iter().all(|other| !touch(edit, other)))
        };
        if diagnostic.suggestion.iter().all(free) {
            for edit in &diagnostic.suggestion {
                taken.entry(edit.span.file).or_default().push(edit.clone());
            }
        }
    }
    taken.values_mut().for_each(|edits| edits.sort_by_key(|edit| (edit.span.start, edit.span.end)));
    taken
}

/// Whether two edits are of the same text, or begin or end at the same place, so that their order would matter.
fn touch(one: &Edit, other: &Edit) -> bool {
    one.span.start <= other.span.end && other.span.start <= one.span.end
}

/// The text with edits applied, which are in order and do not overlap. A line that is emptied goes as a whole.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let (Some(before), true) = (text.get(at..start), text.is_char_boundary(end) && end >= start) else {
            continue;
        };
        result += before;
        result += &edit.text;
        at = end;
        let line = result.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &text[end..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let newline = ["\r\n", "\n"].into_iter().find(|newline| rest[blank..].starts_with(newline));
        if let (true, Some(newline)) = (edit.text.is_empty() && result[line..].trim().is_empty(), newline) {
            result.truncate(line);
            at = end + blank + newline.len();
        }
    }
    result + &text[at..]
}

/// The text with its sure suggestions applied, in the canonical format if it then parses; none if nothing would
/// change, or if it would parse worse than before.
pub fn fixed(text: &str, edits: &[Edit]) -> Option<String> {
    let new = edited(text, edits);
    let new = crate::format(&new).unwrap_or(new);
    (new != text && errors_in(&new) <= errors_in(text)).then_some(new)
}

/// How many errors of syntax a text has.
fn errors_in(text: &str) -> usize {
    crate::parse(FileId(0), text).1.iter().filter(|found| found.is_error()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::Code;
    use crate::span::Span;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(FileId(0), start, end), text: text.to_owned() }
    }

    fn sure(edits: &[Edit]) -> Diagnostic {
        let none = Diagnostic::global(Code("E0101"), "wrong");
        Diagnostic { suggestion: edits.to_vec(), sure: true, ..none }
    }

    #[test]
    fn an_emptied_line_goes_as_a_whole() {
        let text = "a {\n  b = 1\n  c = 2 # two\n}\n";
        assert_eq!(edited(text, &[edit(6, 11, "")]), "a {\n  c = 2 # two\n}\n");
        assert_eq!(edited(text, &[edit(14, 19, "")]), "a {\n  b = 1\n   # two\n}\n");
    }

    #[test]
    fn of_overlapping_suggestions_the_first_is_taken_whole() {
        let found = [
            sure(&[edit(0, 3, "x"), edit(8, 9, "y")]),
            sure(&[edit(4, 6, "z"), edit(8, 10, "")]),
            Diagnostic { sure: false, ..sure(&[edit(5, 6, "guess")]) },
        ];
        assert_eq!(sure_edits(&found)[&FileId(0)], [edit(0, 3, "x"), edit(8, 9, "y")]);
    }

    proptest! {
        /// Whatever is suggested, and wherever: the text parses as well as before, or is left alone.
        #[test]
        fn a_fixed_text_parses_as_well_as_before(
            text in "[a-c ={}\\[\\]\"\n,1]{0,40}",
            edits in prop::collection::vec((0_usize..40, 0_usize..6, "[a ={}\"\n]{0,3}"), 0..5),
        ) {
            let within = |at: usize| at.min(text.len());
            let edits: Vec<Edit> =
                edits.iter().map(|(at, long, new)| edit(within(*at), within(at + long), new)).collect();
            let found: Vec<Diagnostic> = edits.into_iter().map(|edit| sure(&[edit])).collect();
            let taken = sure_edits(&found).remove(&FileId(0)).unwrap_or_default();
            if let Some(new) = fixed(&text, &taken) {
                prop_assert!(errors_in(&new) <= errors_in(&text));
            }
        }
    }
}
