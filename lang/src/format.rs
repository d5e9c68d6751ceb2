//! The canonical format: `hclfmt`'s white space, and on top `"${x}"` alone as `x`, labels in quotes, one blank line
//! at most. Comments, heredocs and line breaks stay as they are.

use crate::diagnostic::Diagnostic;
use crate::parse::{parse, tokens};
use crate::span::FileId;

mod spaces;
mod tidy;

/// The text in canonical format. Formatting it again changes nothing, and it means what it meant before.
///
/// # Errors
/// What is wrong with a text that does not parse; it is left alone. Spans are of `FileId(0)`.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let file = FileId(0);
    let (tree, mut diagnostics) = parse(file, text);
    diagnostics.retain(Diagnostic::is_error);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let tidied = tidy::tidy(text, &tree);
    Ok(spaces::spaced(&tokens::scan(file, &tidied)))
}
