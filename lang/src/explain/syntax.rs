//! Syntax: `E01xx` and `W01xx`.

use super::Explanation;
use crate::diagnostic::Code;
use crate::parse::codes;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    explanation(
        codes::UNEXPECTED,
        "something else was expected",
        "The text cannot go on at the place shown. The message says what could stand there; often something before \
         it is missing: an operator, a comma between the elements of a list, the `=` of an attribute.",
        "locals { ports = [80 443] }",
        "locals { ports = [80, 443] }",
    ),
    explanation(
        codes::UNCLOSED_STRING,
        "string without closing quote",
        "A string in quotes ends on its line. Text of several lines is written as a heredoc, or with `\\n`.",
        "locals {\n  region = \"us-east-1\n}",
        "locals {\n  region = \"us-east-1\"\n}",
    ),
    explanation(
        codes::UNCLOSED_BRACKET,
        "bracket never closed",
        "Every `(`, `[`, `{`, `${` and `%{` has its partner. Where brackets do not add up, the layout decides which \
         one is blamed: a line that looks like an attribute or block, and is indented no deeper than the line of \
         the bracket, is taken to be outside.",
        "locals {\n  ports = [80, 443\n  size  = 2\n}",
        "locals {\n  ports = [80, 443]\n  size  = 2\n}",
    ),
    explanation(
        codes::STRAY_BRACKET,
        "closing bracket without partner",
        "The bracket closes nothing, or something that was opened with a bracket of another kind.",
        "locals { ports = [80, 443) }",
        "locals { ports = [80, 443] }",
    ),
    explanation(
        codes::UNCLOSED_HEREDOC,
        "heredoc without end",
        "A heredoc ends at the first line that holds its tag and nothing else but blanks: no comma, no bracket, no \
         quote. What follows the heredoc goes on the next line.",
        "locals {\n  text = <<TEXT\nhello\nTEXT;\n}",
        "locals {\n  text = <<TEXT\nhello\nTEXT\n}",
    ),
    explanation(
        codes::UNCLOSED_COMMENT,
        "comment without end",
        "A comment that begins with `/*` ends at the next `*/`. Such comments do not nest.",
        "/* The network\nlocals { a = 1 }",
        "/* The network */\nlocals { a = 1 }",
    ),
    explanation(
        codes::MISSING_NEWLINE,
        "two items on a line",
        "Attributes and blocks end with their line; a comment counts as the end of the line. The `}` of a block of \
         several lines stands on a line of its own.",
        "locals {\n  a = 1 b = 2\n}",
        "locals {\n  a = 1\n  b = 2\n}",
    ),
    explanation(
        codes::ONE_LINE_BLOCK,
        "too much in a block on one line",
        "A block on one line holds one attribute or nothing. With more, each item has a line of its own, without \
         commas between them.",
        "variable \"size\" { type = number, default = 2 }",
        "variable \"size\" {\n  type    = number\n  default = 2\n}",
    ),
    explanation(
        codes::BAD_ESCAPE,
        "escape that does not exist",
        "In a string a backslash begins an escape: `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uNNNN`, `\\UNNNNNNNN`. A \
         backslash itself is `\\\\`, in regular expressions too. In a heredoc a backslash is just that.",
        "types { digits = string(\"^\\d+$\") }",
        "types { digits = string(\"^\\\\d+$\") }",
    ),
    explanation(
        codes::UNPAIRED_DIRECTIVE,
        "template directives that do not pair up",
        "In a template `%{ if }` goes on to `%{ endif }`, with at most one `%{ else }` between, and `%{ for }` to \
         `%{ endfor }`. The characters themselves are written `%%{`.",
        "locals { a = \"%{ if true }yes\" }",
        "locals { a = \"%{ if true }yes%{ endif }\" }",
    ),
    explanation(
        codes::DUPLICATE_ATTRIBUTE,
        "attribute set twice",
        "An attribute has one value in a body; there is no order in which a later one would win.",
        "locals {\n  a = 1\n  a = 2\n}",
        "locals {\n  a = 2\n}",
    ),
    explanation(
        codes::BAD_UNIT,
        "not a unit",
        "A number directly followed by letters is a quantity. The units are `ms s m min h d w` for durations (`m` is \
         minutes), `B kB MB GB TB KiB MiB GiB TiB` for sizes, and `%`. A quantity has one number and one unit.",
        "locals { wait = 1h30m }",
        "locals { wait = 90m }",
    ),
    explanation(
        codes::BAD_NUMBER,
        "not a number",
        "A number is decimal digits, with a point and more digits and an exponent if need be. Versions and addresses \
         are strings.",
        "locals { version = 1.2.3 }",
        "locals { version = \"1.2.3\" }",
    ),
    explanation(
        codes::TOO_DEEP,
        "nested too deeply",
        "Blocks, brackets and chains of operators nest 100 levels deep at most (of binary operators in a row, 200). Give parts a \
         name in `locals`.",
        "locals { a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] }",
        "locals {\n  inner = [[[]]]\n  a     = [[[local.inner]]]\n}",
    ),
    explanation(
        codes::TEMPLATE_LABEL,
        "computed label",
        "Labels are the names by which objects are known from one run to the next, so they are plain text. Several \
         similar objects are one block with `for_each`.",
        "vpc \"${project.name}-main\" { cidr_block = \"10.0.0.0/16\" }",
        "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }",
    ),
    explanation(
        codes::NESTED_SPLAT,
        "splat in a splat",
        "`.*` takes names only behind it. `[*]` takes in everything that follows, another `[*]` too.",
        "locals {\n  a   = [{ b = [{ id = 1 }] }]\n  ids = local.a.*.b.*.id\n}",
        "locals {\n  a   = [{ b = [{ id = 1 }] }]\n  ids = local.a[*].b[*].id\n}",
    ),
    explanation(
        codes::UNKNOWN_CHARACTER,
        "character without meaning",
        "The character is no part of the language outside strings and comments. Strings are written in double \
         quotes, and is `&&`, or is `||`, and nothing ends with `;`.",
        "locals { a = 'x' }",
        "locals { a = \"x\" }",
    ),
];

pub(super) const WARNINGS: &[Explanation] = &[explanation(
    codes::CRLF_HEREDOC,
    "heredoc with CRLF",
    "A heredoc keeps its line ends. If the file was saved with those of Windows, a shell script in it fails on Linux \
     with messages such as `$'\\r': command not found`. Save the file with LF line ends.",
    "locals {\r\n  text = <<TEXT\r\nhello\r\nTEXT\r\n}\r\n",
    "locals {\n  text = <<TEXT\nhello\nTEXT\n}",
)];

const fn explanation(
    code: Code,
    title: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Explanation {
    Explanation { code, title, text, wrong, right }
}
