//! What is wrong, where, and what to do about it: data, rendered elsewhere.

use std::fmt;

use crate::span::Span;

/// A stable name for one kind of problem, such as `E0301`; `infra explain` tells the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The run stops before anything happens.
    Error,
    /// Worth knowing; the run goes on.
    Warning,
}

/// A secondary place, with what it has to do with the problem ("declared here").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words.
    pub text: String,
}

/// An edit that would mend the problem: put `text` where `span` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// One problem, in one sentence of the user's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of problem.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// One sentence, without a final period.
    pub message: String,
    /// The cause: the value given, not the demand it breaks.
    pub span: Option<Span>,
    /// Words beside the caret, if the message alone does not say it.
    pub note: Option<String>,
    /// The demand and the way there.
    pub labels: Vec<Label>,
    /// The next step.
    pub hint: Option<String>,
    /// Edits that apply together.
    pub suggestion: Vec<Edit>,
    /// Whether the suggestion says what was surely meant, so that it may be applied unseen; else it is a guess.
    pub sure: bool,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Some(span), message.into())
    }

    /// A warning at `span`.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, Some(span), message.into())
    }

    /// An error of the whole project, such as a missing `project` block.
    pub fn global(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, None, message.into())
    }

    fn new(code: Code, severity: Severity, span: Option<Span>, message: String) -> Self {
        Self {
            code,
            severity,
            message,
            span,
            note: None,
            labels: Vec::new(),
            hint: None,
            suggestion: Vec::new(),
            sure: false,
        }
    }

    /// Adds words beside the caret.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into());
        self
    }

    /// Adds a secondary place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds the next step.
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(text.into());
        self
    }

    /// Adds an edit that mends it, since there is no doubt what was meant: `infra validate --fix` applies it.
    pub fn fix(self, span: Span, text: impl Into<String>) -> Self {
        Self { sure: true, ..self.suggest(span, text) }
    }

    /// Adds an edit that would mend it if the guess is right.
    pub fn suggest(mut self, span: Span, text: impl Into<String>) -> Self {
        self.suggestion.push(Edit { span, text: text.into() });
        self
    }

    /// Whether it stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The candidate nearest to `given`, if one is near enough to be a likely slip of the finger.
///
/// A word that one candidate alone begins with (`cidr` of `cidr_block`) counts as near, too.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (given.chars().count() / 3).max(1);
    let names: Vec<&str> = candidates.into_iter().collect();
    let scored = names.iter().map(|name| (strsim::damerau_levenshtein(given, name), *name));
    let near = scored.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name);
    let mut begins =
        names.iter().copied().filter(|name| given.len() >= 3 && name.starts_with(&format!("{given}_")));
    near.or_else(|| begins.next().filter(|_| begins.next().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_takes_slips_and_leaves_strangers() {
        let kinds = ["elb", "vpc", "launch_template"];
        assert_eq!(nearest("lauch_template", kinds), Some("launch_template"));
        assert_eq!(nearest("eld", kinds), Some("elb"));
        assert_eq!(nearest("banana", kinds), None);
        assert_eq!(nearest("launch", kinds), Some("launch_template"));
        assert_eq!(nearest("launch", ["launch_configuration", "launch_template"]), None);
    }
}
