//! The codes of what can be wrong with the syntax; `crate::explain` tells more about each.

use crate::diagnostic::Code;

/// Something stands where it cannot, or something is missing before it.
pub const UNEXPECTED: Code = Code("E0101");
/// A string has no closing quote on its line.
pub const UNCLOSED_STRING: Code = Code("E0102");
/// A bracket, `${` or `%{` is never closed.
pub const UNCLOSED_BRACKET: Code = Code("E0103");
/// A closing bracket closes nothing.
pub const STRAY_BRACKET: Code = Code("E0104");
/// A heredoc has no line with its tag alone.
pub const UNCLOSED_HEREDOC: Code = Code("E0105");
/// A `/*` has no `*/`.
pub const UNCLOSED_COMMENT: Code = Code("E0106");
/// Two items share a line.
pub const MISSING_NEWLINE: Code = Code("E0107");
/// A block in braces on one line holds more than one attribute, or a block.
pub const ONE_LINE_BLOCK: Code = Code("E0108");
/// An escape that does not exist.
pub const BAD_ESCAPE: Code = Code("E0109");
/// `%{ if }`, `%{ else }`, `%{ endif }`, `%{ for }`, `%{ endfor }` do not pair up.
pub const UNPAIRED_DIRECTIVE: Code = Code("E0110");
/// An attribute is set twice in a body.
pub const DUPLICATE_ATTRIBUTE: Code = Code("E0111");
/// A number is followed by letters that are no unit.
pub const BAD_UNIT: Code = Code("E0112");
/// Digits that are no number.
pub const BAD_NUMBER: Code = Code("E0113");
/// Nested deeper than can be read, by people or by us.
pub const TOO_DEEP: Code = Code("E0114");
/// `${` in the label of a block.
pub const TEMPLATE_LABEL: Code = Code("E0115");
/// A splat within a `.*` splat.
pub const NESTED_SPLAT: Code = Code("E0116");
/// A character that the language does not use.
pub const UNKNOWN_CHARACTER: Code = Code("E0117");
/// A heredoc with Windows line ends.
pub const CRLF_HEREDOC: Code = Code("W0101");
