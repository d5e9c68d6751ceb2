//! Where text came from: files, byte ranges, and the lines and columns people read.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

/// A file of a [`SourceMap`], by its position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open range of bytes, `start..end`, in one file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte, counting from 0.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        // Files over 4 GiB are refused when they are read, so the casts hold.
        Self { file, start: start as u32, end: end as u32 }
    }

    /// The smallest span that holds both; `other` must be of the same file.
    pub fn to(self, other: Span) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.file.0, self.start, self.end)
    }
}

/// A position as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Counts from 1.
    pub line: usize,
    /// Counts graphemes from 1, as HCL does.
    pub column: usize,
    /// Counts from 0.
    pub byte: usize,
}

/// One source file: the path to show, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as the user would type it, relative to the project.
    pub path: String,
    /// The text, without a byte order mark stripped: spans count its bytes.
    pub text: String,
    /// The text as it may be shown, if not as it is; the same bytes count.
    shown: Option<String>,
    line_starts: Vec<usize>,
}

impl SourceFile {
    fn new(path: String, text: String) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        Self { path, text, shown: None, line_starts }
    }

    /// The text as it may be shown: of a file of values, which may be secrets, names and layout only. Its bytes are
    /// where those of the text are.
    pub fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.text)
    }

    /// The position of byte `byte`; past the end it is the end.
    pub fn position(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let before = &self.text[self.line_starts[line - 1]..byte];
        Position { line, column: before.graphemes(true).count() + 1, byte }
    }
}

/// The source files of a run, handed to `lang` by whoever may read files.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and gives its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push(SourceFile::new(path.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    /// Adds a file of values: `name = value` on lines. What it says is not to be shown.
    pub fn add_values(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let file = SourceFile::new(path.into(), text.into());
        let shown = file.text.split_inclusive('\n').map(starred).collect();
        self.files.push(SourceFile { shown: Some(shown), ..file });
        FileId(self.files.len() as u32 - 1)
    }

    /// The file behind an id of this map.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files with their ids, in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.file).text[span.start as usize..span.end as usize]
    }

    /// `path:line`, the short form that plans and errors print.
    pub fn location(&self, span: Span) -> String {
        let file = self.file(span.file);
        format!("{}:{}", file.path, file.position(span.start as usize).line)
    }
}

/// The line with a star for each byte of what is no blank, but for the name that a value is given to.
fn starred(line: &str) -> String {
    let name = |text: &&str| text.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let kept = line.split_once('=').map(|(name, _)| name).filter(name).map_or(0, |name| name.len() + 1);
    let star = |byte: u8| if byte.is_ascii_whitespace() { char::from(byte) } else { '*' };
    line[..kept].chars().chain(line.as_bytes()[kept..].iter().copied().map(star)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_graphemes_and_lines_count_from_one() {
        let mut sources = SourceMap::default();
        let id = sources.add("a.infra", "é = 1\nb = 2\n");
        let file = sources.file(id);
        assert_eq!(file.position(0), Position { line: 1, column: 1, byte: 0 });
        assert_eq!(file.position(3), Position { line: 1, column: 3, byte: 3 });
        assert_eq!(file.position(7), Position { line: 2, column: 1, byte: 7 });
        assert_eq!(file.position(999).line, 3);
    }

    #[test]
    fn a_file_of_values_shows_their_names_only() {
        let mut sources = SourceMap::default();
        let text = "# pin: 1234\npassword = \"hunter2 é\"\nkeys = [\n  \"a=b\",\n]\n\"quo=ted\n";
        let id = sources.add_values("a.vars.infra", text);
        let shown = sources.file(id).shown();
        insta::assert_snapshot!(shown, @r#"
        * **** ****
        password = ******** ***
        keys = *
          ******
        *
        ********
        "#);
        assert_eq!(shown.len(), text.len());
    }
}
