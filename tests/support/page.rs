//! Tables of pages under docs/, which are what the tests measure.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Tests run side by side, and two of them may write.
static WRITING: Mutex<()> = Mutex::new(());

/// A page with tables.
pub struct Page {
    /// Its file.
    pub path: &'static str,
    /// The tests that write its tables.
    pub update: &'static str,
}

impl Page {
    /// Fails unless the page has these rows in the table of that name; with `UPDATE=1` it gets them.
    #[track_caller]
    pub fn expect(&self, table: &str, rows: &str) {
        // A test that has failed here has written nothing, or all.
        let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.path);
        let text = fs::read_to_string(&path).expect("the page");
        let (head, rest) = text.split_once(&format!("<!-- table: {table} -->\n")).expect("the table's begin");
        let (found, tail) = rest.split_once("<!-- end -->").expect("the table's end");
        let (titles, found_rows) =
            found.match_indices('\n').nth(1).map_or((found, ""), |(at, _)| found.split_at(at + 1));
        if std::env::var_os("UPDATE").is_some() {
            let text = format!("{head}<!-- table: {table} -->\n{titles}{rows}<!-- end -->{tail}");
            return fs::write(path, text).expect("the page is written");
        }
        let Self { path, update } = self;
        assert_eq!(found_rows, rows, "{path}: `UPDATE=1 cargo test --test end_to_end {update}`");
    }
}
