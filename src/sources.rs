//! The source files of a module and of all it calls: from folders, or from the standard library.

use std::collections::BTreeMap;
use std::path::Path;

use infra_lang::Source;
use infra_lang::diagnostic::Diagnostic;
use infra_lang::span::{FileId, SourceMap};

use crate::error::CommandResult;
use crate::{standard, workspace};

/// Parsed source files.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The files, each with its module's directory.
    pub files: Vec<Source>,
    /// What was wrong with them.
    pub problems: Vec<Diagnostic>,
}

/// Parses the module in `folder` of the project in `root`, and every module it calls, and theirs. People are shown the
/// files' paths behind `way`, the way to the project.
///
/// A folder that does not exist, and a standard module that there is not, has no files: checking says so.
///
/// # Errors
/// A file or folder that is there cannot be read.
pub fn read(root: &Path, way: &str, folder: &str, map: &mut SourceMap) -> CommandResult<Sources> {
    let mut sources = Sources::default();
    let mut folders = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(folder) = folders.get(at).cloned() {
        at += 1;
        for (path, text) in texts(root, way, &folder)? {
            let id = map.add(path, text);
            let (file, problems) = infra_lang::parse(id, &map.file(id).text);
            sources.problems.extend(problems);
            for called in infra_lang::module_directories(&folder, &file) {
                if !folders.contains(&called) {
                    folders.push(called);
                }
            }
            sources.files.push(Source { directory: folder.clone(), file });
        }
    }
    Ok(sources)
}

impl Sources {
    /// The same files by the same ids, some with other text, parsed anew into a map of their own.
    pub fn with_texts(&self, map: &SourceMap, texts: &BTreeMap<FileId, String>) -> (Self, SourceMap) {
        let (mut new, mut new_map) = (Self::default(), SourceMap::default());
        for source in &self.files {
            let old = map.file(source.id());
            let text = texts.get(&source.id()).unwrap_or(&old.text);
            let id = new_map.add(old.path.as_str(), text.as_str());
            let (file, problems) = infra_lang::parse(id, text);
            new.problems.extend(problems);
            new.files.push(Source { directory: source.directory.clone(), file });
        }
        (new, new_map)
    }
}

/// The paths and texts of one module's files.
fn texts(root: &Path, way: &str, folder: &str) -> CommandResult<Vec<(String, String)>> {
    if let Some(module) = standard::module(folder) {
        return Ok(vec![(format!("std/{}/main.infra", module.name), module.text.to_owned())]);
    }
    let directory = root.join(folder);
    if !folder.is_empty() && !directory.is_dir() {
        return Ok(Vec::new());
    }
    workspace::sources(&directory, &workspace::joined(way, folder))
}
