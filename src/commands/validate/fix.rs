//! `infra validate --fix`: suggestions that leave no doubt, applied round by round until none is left.

use std::collections::BTreeMap;

use infra_lang::diagnostic::Diagnostic;
use infra_lang::fix::{fixed, sure_edits};
use infra_lang::span::{FileId, SourceMap};
use similar::TextDiff;

use crate::args::ValidateArgs;
use crate::error::CommandResult;
use crate::settings::Settings;
use crate::sources::Sources;
use crate::standard;
use crate::terminal::Terminal;
use crate::workspace::write_source;

/// What one repair uncovers, the next round repairs. Repairs that undo each other end here.
const ROUNDS: usize = 20;

/// Source files, checked: what is wrong, and the texts it points into.
type Check<'a> = &'a dyn Fn(Sources, SourceMap) -> CommandResult<(Vec<Diagnostic>, SourceMap)>;

/// Repairs source files, writes them, and gives what is left.
pub fn run(
    mut sources: Sources,
    before: SourceMap,
    check: Check<'_>,
    args: &ValidateArgs,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<(Vec<Diagnostic>, SourceMap)> {
    let (mut found, mut map) = check(sources.clone(), before.clone())?;
    for _ in 0..ROUNDS {
        let texts = repaired(&found, &sources, &map);
        if texts.is_empty() {
            break;
        }
        (sources, map) = sources.with_texts(&map, &texts);
        (found, map) = check(sources.clone(), map)?;
    }
    for source in &sources.files {
        let (old, new) = (before.file(source.id()), map.file(source.id()));
        if old.text != new.text && args.diff {
            let diff = TextDiff::from_lines(&old.text, &new.text);
            terminal.tell(&diff.unified_diff().header(&old.path, &old.path).to_string());
        } else if old.text != new.text {
            write_source(&settings.resolve(old.path.as_ref()), &new.text)?;
            terminal.tell(&format!("fixed {}\n", old.path));
        }
    }
    Ok((found, map))
}

/// The new texts of files that have something sure to repair. The standard library is not the user's to change.
fn repaired(found: &[Diagnostic], sources: &Sources, map: &SourceMap) -> BTreeMap<FileId, String> {
    let edits = sure_edits(found);
    let own = sources.files.iter().filter(|source| standard::module(&source.directory).is_none());
    let new = |id: FileId| Some((id, fixed(&map.file(id).text, edits.get(&id)?)?));
    own.filter_map(|source| new(source.id())).collect()
}
