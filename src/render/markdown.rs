//! Markdown for terminals: the little of it that reference pages use.

use super::style::{BOLD, CODE, DIM};

/// Markdown with its marks turned into styles, and wrapped at `width` columns.
pub fn styled(text: &str, width: usize) -> String {
    let mut result = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            result += &format!("    {line}").trim_end().replace("\u{1b}", "");
            result.push('\n');
        } else if let Some(title) = heading(line) {
            result += &format!("{BOLD}{}{BOLD:#}\n", title.replace('`', ""));
        } else {
            result += &wrapped(line, width);
        }
    }
    result
}

/// The text of a heading.
fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    (title.len() < line.len()).then(|| title.strip_prefix(' ')).flatten()
}

/// A paragraph or list item over as many lines as it takes, each indented as its text begins.
fn wrapped(line: &str, width: usize) -> String {
    let text = line.trim_start();
    let mark = if text.starts_with("* ") { 2 } else { 0 };
    let indent = line.len() - text.len() + mark;
    let mut result = line[..indent].to_owned();
    let mut column = indent;
    for (at, word) in text[mark..].split(' ').enumerate() {
        let length = word.chars().filter(|c| *c != '`').count();
        if at > 0 && column + 1 + length > width {
            result += &format!("\n{}", " ".repeat(indent));
            column = indent;
        } else if at > 0 {
            result.push(' ');
            column += 1;
        }
        result += word;
        column += length;
    }
    spans(&result) + "\n"
}

/// Code between backticks, and emphasis, in their colours.
fn spans(text: &str) -> String {
    let mut result = String::new();
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => result += &part.replace("**", ""),
            _ => result += &format!("{CODE}{part}{CODE:#}"),
        }
    }
    match text.trim() {
        "Wrong:" | "Right:" => format!("{DIM}{text}{DIM:#}"),
        _ => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, width: usize) -> String {
        anstream::adapter::strip_str(&styled(text, width)).to_string()
    }

    #[test]
    fn headings_lists_and_code_lose_their_marks() {
        let text = "# A\n\nOne `two` three four.\n\n* item one two three\n\n```hcl\na = `1`\n```\n";
        insta::assert_snapshot!(plain(text, 14), @r"
        A

        One two three
        four.

        * item one two
          three

            a = `1`
        ");
    }
}
