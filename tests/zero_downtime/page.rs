//! The tables of docs/zero-downtime.md, which are what the tests measure.

use std::fs;
use std::sync::Mutex;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/zero-downtime.md");

/// Tests run side by side, and two of them may write.
static WRITING: Mutex<()> = Mutex::new(());

/// Fails unless the page has these rows in the table of that name; with `UPDATE=1` it gets them.
#[track_caller]
pub fn expect(table: &str, rows: &str) {
    let _one = WRITING.lock().expect("no other test has failed while it wrote");
    let text = fs::read_to_string(PAGE).expect("the page");
    let (head, rest) = text.split_once(&format!("<!-- table: {table} -->\n")).expect("the table's begin");
    let (found, tail) = rest.split_once("<!-- end -->").expect("the table's end");
    let (titles, found_rows) =
        found.match_indices('\n').nth(1).map_or((found, ""), |(at, _)| found.split_at(at + 1));
    if std::env::var_os("UPDATE").is_some() {
        let text = format!("{head}<!-- table: {table} -->\n{titles}{rows}<!-- end -->{tail}");
        return fs::write(PAGE, text).expect("the page is written");
    }
    assert_eq!(
        found_rows, rows,
        "docs/zero-downtime.md: `UPDATE=1 cargo test --test end_to_end zero_downtime`"
    );
}
