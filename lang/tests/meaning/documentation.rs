//! The examples of `docs/language.md`: those marked `wrong CODE` have that error, all others have none.

use std::fs;
use std::path::Path;

use crate::case::Case;

#[test]
fn the_examples_of_the_language_page_are_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md");
    let page = fs::read_to_string(page).expect("the page");
    let (mut count, mut wrong) = (0, String::new());
    for part in page.split("\n```hcl").skip(1) {
        let (mark, rest) = part.split_once('\n').expect("a fence ends its line");
        let (text, _) = rest.split_once("\n```").expect("a block ends");
        let found =
            Case::read(&format!("project \"example\" {{ region = \"us-east-1\" }}\n{text}\n")).evaluated();
        let right = match mark.trim().strip_prefix("wrong ") {
            Some(code) => found.contains(code),
            None => found.starts_with("project "),
        };
        if !right {
            wrong += &format!("```hcl{mark}\n{text}\n```\n{found}\n");
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 15, "only {count} examples");
}
