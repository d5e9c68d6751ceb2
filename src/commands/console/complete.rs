//! How a word under the cursor may go on.

/// The words that may stand where `line` ends, and the byte from which they replace it.
///
/// `names` are what an expression may begin with; `fields` tells what can be read from a reference.
pub fn complete(line: &str, names: &[String], fields: impl Fn(&str) -> Vec<String>) -> (usize, Vec<String>) {
    let part = |c: char| c.is_alphanumeric() || "_-.[]\":".contains(c);
    let start =
        line.char_indices().rev().take_while(|(_, c)| part(*c)).last().map_or(line.len(), |(at, _)| at);
    let word = &line[start..];
    let mut found: Vec<String> = names.iter().filter(|name| name.starts_with(word)).cloned().collect();
    if let Some((of, begun)) = word.rsplit_once('.') {
        let begun = fields(of).into_iter().filter(|field| field.starts_with(begun));
        found.extend(begun.map(|field| format!("{of}.{field}")));
    }
    found.sort();
    found.dedup();
    (start, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: &str) -> (usize, Vec<String>) {
        let names = ["var.size", "var.zone", "vpc.main", "values("].map(str::to_owned);
        let fields = |of: &str| match of {
            "vpc.main" => vec!["id".to_owned(), "cidr_block".to_owned()],
            _ => Vec::new(),
        };
        complete(line, &names, fields)
    }

    #[test]
    fn names_go_on_from_where_the_word_begins() {
        assert_eq!(at("va"), (0, vec!["values(".into(), "var.size".into(), "var.zone".into()]));
        assert_eq!(at("1 + var.z"), (4, vec!["var.zone".into()]));
        assert_eq!(at("upper(x"), (6, vec![]));
    }

    #[test]
    fn what_can_be_read_comes_behind_the_dot() {
        assert_eq!(at("[vpc.main."), (0, vec![]));
        assert_eq!(at("f(vpc.main.c"), (2, vec!["vpc.main.cidr_block".into()]));
    }
}
