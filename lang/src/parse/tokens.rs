//! The text as tokens, for those who look at it below the grammar: the formatter, and whoever must say what is
//! wrong with text that the grammar refuses. Brackets, quotes and heredocs are matched here.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::{FileId, Span};

use super::codes;
use super::lexer::Lexer;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `\n` or `\r\n`, wherever it stands in code.
    Newline,
    /// `# …` or `// …`, without the newline.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// A word.
    Ident,
    /// A number, with its unit if it has one.
    Number,
    /// `"` that opens.
    Quote,
    /// `"` that closes.
    QuoteEnd,
    /// Text of a template; in a heredoc one token per line, newline included.
    Text,
    /// `${` or `${~`.
    Interpolation,
    /// `%{` or `%{~`.
    Directive,
    /// The `}` or `~}` of either.
    TemplateEnd,
    /// `<<TAG` or `<<-TAG` with its newline.
    Heredoc,
    /// The line with the tag, without its newline.
    HeredocEnd,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// An operator or separator.
    Punct,
    /// Anything that no token begins with.
    Unknown,
}

/// A token; spaces and tabs are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// For a token that opens something, the index of the first token behind all of it.
    pub behind: usize,
}

impl Token {
    /// What it reads.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }

    /// Whether it is neither a newline nor a comment.
    pub fn is_code(&self) -> bool {
        !matches!(self.kind, Kind::Newline | Kind::LineComment | Kind::BlockComment)
    }
}

/// How unclosed brackets are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// By their partners only.
    Ignored,
    /// By the look of the lines too: what looks like the head of an item, indented no deeper than the line that
    /// opened a bracket, means that the bracket was never closed.
    Decides,
}

/// How many problems of a text are told at most: whoever reads the first ones mends the rest with them, or has not
/// given us a source at all.
pub(super) const MAX_PROBLEMS: usize = 1_000;

/// A text in tokens, and what was wrong with it at this level.
pub(crate) struct Scan<'t> {
    pub file: FileId,
    pub text: &'t str,
    pub tokens: Vec<Token>,
    pub problems: Vec<Diagnostic>,
}

/// Splits a text into tokens. Brackets that close as they should settle the matter; else layout decides.
pub(crate) fn scan(file: FileId, text: &str) -> Scan<'_> {
    let plain = Lexer::new(file, text, Layout::Ignored).run();
    let unbalanced: [Code; 2] = [codes::UNCLOSED_BRACKET, codes::STRAY_BRACKET];
    if plain.problems.iter().any(|problem| unbalanced.contains(&problem.code)) {
        Lexer::new(file, text, Layout::Decides).run()
    } else {
        plain
    }
}

impl<'t> Scan<'t> {
    pub(super) fn report(&mut self, problem: Diagnostic) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// The place of a token.
    pub fn span(&self, at: usize) -> Span {
        Span::new(self.file, self.tokens[at].start, self.tokens[at].end)
    }

    /// What a token reads; nothing behind the last one.
    pub fn word(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    /// What a token is.
    pub fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }
}
