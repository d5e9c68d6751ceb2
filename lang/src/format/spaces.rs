//! White space, decided token by token as `hclfmt` does.
//!
//! Each line has up to three cells: what leads, an assignment from its `=` on, and a trailing comment. Lines that
//! follow each other and have an assignment have their `=` in one column; with comments it is the same.

use unicode_segmentation::UnicodeSegmentation;

use crate::parse::tokens::{Kind, Scan};

/// A line of tokens. A heredoc, its newlines included, is part of the line that it begins on.
struct Line<'t> {
    lead: Vec<Word<'t>>,
    assign: Vec<Word<'t>>,
    comment: Option<Word<'t>>,
    newline: &'t str,
}

/// A token and the blanks before it.
struct Word<'t> {
    kind: Kind,
    text: &'t str,
    blanks: usize,
}

/// The text of a scan in canonical white space.
pub(super) fn spaced(scan: &Scan<'_>) -> String {
    let mut lines = lines(scan);
    indent(&mut lines);
    for line in &mut lines {
        space(&mut line.lead);
        space(&mut line.assign);
    }
    align_assignments(&mut lines);
    align_comments(&mut lines);
    written(&lines)
}

/// The text of the lines, with one blank line where there were more, and none at the beginning and end.
fn written(lines: &[Line<'_>]) -> String {
    let last = lines.iter().rposition(|line| !line.is_blank()).map_or(0, |last| last + 1);
    let mut text = String::new();
    let mut after_blank = true;
    for line in &lines[..last] {
        if line.is_blank() && after_blank {
            continue;
        }
        for word in line.lead.iter().chain(&line.assign).chain(&line.comment) {
            text.extend(std::iter::repeat_n(' ', word.blanks));
            text.push_str(word.text);
        }
        text.push_str(if line.newline.is_empty() { "\n" } else { line.newline });
        after_blank = line.is_blank();
    }
    text
}

// --- lines and cells

fn lines<'t>(scan: &Scan<'t>) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    let mut words = Vec::new();
    for token in &scan.tokens {
        let text = token.text(scan.text);
        if token.kind == Kind::Newline {
            lines.push(line(std::mem::take(&mut words), text));
        } else {
            words.push(Word { kind: token.kind, text, blanks: 0 });
        }
    }
    lines.push(line(words, ""));
    lines
}

/// The line of these tokens. An assignment is a cell of its own only if its brackets close on the line.
fn line<'t>(mut lead: Vec<Word<'t>>, newline: &'t str) -> Line<'t> {
    let trailing = lead.len() > 1 && lead.last().is_some_and(|last| last.kind == Kind::LineComment);
    let comment = if trailing { lead.pop() } else { None };
    let equals = lead.iter().skip(1).position(|word| word.text == "=" && word.kind == Kind::Punct);
    let assign = match equals.map(|at| at + 1) {
        Some(at) if net_brackets(&lead[at..]) == 0 => lead.split_off(at),
        _ => Vec::new(),
    };
    Line { lead, assign, comment, newline }
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.lead.is_empty() && self.comment.is_none()
    }
}

fn bracket_change(kind: Kind) -> isize {
    match kind {
        Kind::Open | Kind::Interpolation | Kind::Directive => 1,
        Kind::Close | Kind::TemplateEnd => -1,
        _ => 0,
    }
}

fn net_brackets(words: &[Word<'_>]) -> isize {
    words.iter().map(|word| bracket_change(word.kind)).sum()
}

fn columns(words: &[Word<'_>]) -> usize {
    words.iter().map(|word| word.blanks + word.text.graphemes(true).count()).sum()
}

// --- indentation

/// Two spaces for each line before that opened more than it closed and is not closed yet, however many it opened.
fn indent(lines: &mut [Line<'_>]) {
    let mut opened: Vec<isize> = Vec::new();
    for line in lines {
        let before_heredoc =
            line.lead.iter().chain(&line.assign).take_while(|word| word.kind != Kind::Heredoc);
        let net: isize = before_heredoc.map(|word| bracket_change(word.kind)).sum();
        close(&mut opened, -net);
        if let Some(first) = line.lead.first_mut() {
            first.blanks = 2 * opened.len();
        }
        if net > 0 {
            opened.push(net);
        }
    }
}

fn close(opened: &mut Vec<isize>, mut closing: isize) {
    while closing > 0
        && let Some(last) = opened.last_mut()
    {
        let closed = closing.min(*last);
        closing -= closed;
        *last -= closed;
        if *last == 0 {
            opened.pop();
        }
    }
}

// --- blanks within a cell

fn space(words: &mut [Word<'_>]) {
    for at in 1..words.len() {
        words[at].blanks = usize::from(wants_blank(words, at));
    }
}

/// Whether a blank stands before this word of a cell; the first rule that fits decides.
fn wants_blank(words: &[Word<'_>], at: usize) -> bool {
    let before = at.checked_sub(2).map(|before| &words[before]);
    let (left, right) = (&words[at - 1], &words[at]);
    let is = |word: &Word<'_>, sign: &str| word.kind == Kind::Punct && word.text == sign;
    let ident = |word: &Word<'_>| word.kind == Kind::Ident;
    if is(left, ".") || is(right, ".") {
        // `a.0 .1` is two accesses only as long as it does not read as one number.
        let digits = |word: &Word<'_>| word.kind == Kind::Number;
        return is(right, ".") && digits(left) && words.get(at + 1).is_some_and(digits);
    }
    if ident(left) && (right.text == "(" && right.kind == Kind::Open || is(right, "::")) || is(left, "::") {
        return false;
    }
    if is(right, ",") || is(right, "...") {
        return false;
    }
    if is(left, ",") {
        return true;
    }
    if is_template_text(left, right) {
        return false;
    }
    let opens_list = right.kind == Kind::Open && right.text == "[";
    if ident(left) && left.text == "in" && before.is_some_and(ident) {
        return true;
    }
    if opens_list && (ident(left) || left.kind == Kind::Number || bracket_change(left.kind) < 0)
        || is(left, "!")
    {
        return false;
    }
    if is(left, "-") {
        return before.is_some_and(ends_operand);
    }
    beside_bracket(left, right)
}

/// Whether the two are part of a template's text or its delimiters.
fn is_template_text(left: &Word<'_>, right: &Word<'_>) -> bool {
    matches!(left.kind, Kind::Text | Kind::Quote | Kind::Heredoc)
        || matches!(right.kind, Kind::Text | Kind::QuoteEnd | Kind::HeredocEnd)
}

/// Braces have blanks inside, other brackets none, and what is no bracket at all has blanks around.
fn beside_bracket(left: &Word<'_>, right: &Word<'_>) -> bool {
    let brace = |word: &Word<'_>, kind: Kind, sign: &str| word.kind == kind && word.text == sign;
    let (opens, closes) = (brace(left, Kind::Open, "{"), brace(right, Kind::Close, "}"));
    if opens || closes {
        return !(opens && closes);
    }
    let template_opens = matches!(left.kind, Kind::Interpolation | Kind::Directive);
    if template_opens && brace(right, Kind::Open, "{") {
        return true;
    }
    if right.kind == Kind::TemplateEnd && brace(left, Kind::Close, "}") {
        return true;
    }
    if left.kind == Kind::TemplateEnd && matches!(right.kind, Kind::Interpolation | Kind::Directive) {
        return false;
    }
    bracket_change(left.kind) <= 0 && bracket_change(right.kind) >= 0
}

/// Whether a `-` behind this word is a subtraction: behind an operator, opening bracket or separator it is a sign.
fn ends_operand(word: &Word<'_>) -> bool {
    const BEFORE_SIGN: &[&str] =
        &["=", ":", ",", "?", "+", "*", "/", "%", "-", "==", "!=", ">", ">=", "<", "<=", "&&", "||", "!"];
    match word.kind {
        Kind::Open => false,
        Kind::Punct => !BEFORE_SIGN.contains(&word.text),
        _ => true,
    }
}

// --- alignment

fn align_assignments(lines: &mut [Line<'_>]) {
    for run in lines.chunk_by_mut(|a, b| a.assign.is_empty() == b.assign.is_empty()) {
        let widest = run.iter().map(|line| columns(&line.lead)).max().unwrap_or(0);
        for line in run {
            let width = columns(&line.lead);
            if let Some(equals) = line.assign.first_mut() {
                equals.blanks = widest - width + 1;
            }
        }
    }
}

fn align_comments(lines: &mut [Line<'_>]) {
    let width = |line: &Line<'_>| columns(&line.lead) + columns(&line.assign);
    for run in lines.chunk_by_mut(|a, b| a.comment.is_none() == b.comment.is_none()) {
        let widest = run.iter().map(width).max().unwrap_or(0);
        for line in run {
            let width = width(line);
            if let Some(comment) = &mut line.comment {
                comment.blanks = widest - width + 1;
            }
        }
    }
}
