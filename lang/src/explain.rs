//! What `infra explain CODE` says: every code with a title, the reason and an example with its repair.

use crate::diagnostic::Code;

macro_rules! explanations {
    ($($name:ident $code:literal $title:literal: $text:literal, $wrong:literal => $right:literal;)*) => {
        /// The codes by name.
        pub(crate) mod codes {
            use crate::diagnostic::Code;
            $(#[doc = $title] pub(crate) const $name: Code = Code($code);)*
        }

        pub(super) const EXPLANATIONS: &[Explanation] = &[
            $(Explanation { code: codes::$name, title: $title, text: $text, wrong: $wrong, right: $right },)*
        ];
    };
}

mod meaning;
mod state;
mod syntax;
mod warnings;

/// The explanation of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code, such as `E0301`.
    pub code: Code,
    /// A few words.
    pub title: &'static str,
    /// Why it is an error and what to do, in Markdown.
    pub text: &'static str,
    /// A part of a configuration that has the problem, and no other.
    pub wrong: &'static str,
    /// The same, mended.
    pub right: &'static str,
}

/// All explanations, in the order of their codes.
pub fn explanations() -> impl Iterator<Item = &'static Explanation> {
    syntax::EXPLANATIONS
        .iter()
        .chain(meaning::EXPLANATIONS)
        .chain(state::EXPLANATIONS)
        .chain(syntax::WARNINGS)
        .chain(warnings::EXPLANATIONS)
}

/// The explanation of a code, in upper or lower case.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    explanations().find(|explanation| explanation.code.0.eq_ignore_ascii_case(code))
}

/// The codes by name, for those who report them.
pub(crate) mod codes {
    pub(crate) use super::meaning::codes::*;
    pub(crate) use super::state::codes::*;
    pub(crate) use super::warnings::codes::*;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_none_twice() {
        let codes: Vec<&str> = explanations().map(|explanation| explanation.code.0).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
