//! The texts that fuzzing found worth keeping, tried as fuzzing tries them.
#![expect(clippy::disallowed_methods, reason = "the corpus is files, and a test may read them")]

#[path = "../fuzz/properties.rs"]
mod properties;

use std::fs;
use std::path::Path;

fn each_text(of: &str, holds: impl Fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(of);
    let entries: Vec<_> = fs::read_dir(&folder).expect("the corpus").collect();
    assert!(!entries.is_empty(), "nothing in {}", folder.display());
    for entry in entries {
        let path = entry.expect("an entry").path();
        // What is not UTF-8 is refused when files are read.
        if let Ok(text) = String::from_utf8(fs::read(&path).expect("a file")) {
            holds(&text);
        }
    }
}

#[test]
fn parsing() {
    each_text("parse", properties::parse);
}

#[test]
fn formatting() {
    each_text("format", properties::format);
}

#[test]
fn evaluating() {
    each_text("evaluate", properties::evaluate);
}
