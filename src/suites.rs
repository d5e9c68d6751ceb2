//! Test files on disk, each with the sources of what it tests.

use std::path::{Path, PathBuf};

use infra_lang::Source;
use infra_lang::schema::SchemaSet;
use infra_lang::span::SourceMap;
use infra_lang::testing::{Suite, test_file};

use crate::error::{CommandError, CommandResult, file_error};
use crate::project::tool;
use crate::settings::Settings;
use crate::sources::{self, Sources};
use crate::workspace::read_source;

/// What test files end in.
const ENDING: &str = ".test.infra";

/// A test file, ready to run.
#[derive(Debug)]
pub struct Loaded {
    /// Its tests and what they test.
    pub suite: Suite,
    /// The directory that paths in the configuration lead from.
    pub root: PathBuf,
    /// Every text that a span may point into.
    pub sources: SourceMap,
}

/// The test files meant, in the order of their paths: those named, those below folders named, or those of the project.
///
/// # Errors
/// A path cannot be read.
pub fn files(settings: &Settings, paths: &[PathBuf]) -> CommandResult<Vec<PathBuf>> {
    let roots: Vec<PathBuf> = match paths {
        [] => vec![settings.directory.clone()],
        paths => paths.iter().map(|path| settings.resolve(path)).collect(),
    };
    let mut files = Vec::new();
    for root in roots {
        let found = |error: ignore::Error| file_error("cannot be read", &root, &std::io::Error::other(error));
        for entry in ignore::WalkBuilder::new(&root).build() {
            let path = entry.map_err(found)?.into_path();
            if path.is_file() && path.to_string_lossy().ends_with(ENDING) {
                files.push(path);
            }
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Reads a test file and what it tests: the project or the module in its directory.
///
/// # Errors
/// All independent errors of the files, or one that cannot be read.
pub fn load(path: &Path, settings: &Settings, schemas: &SchemaSet) -> CommandResult<Loaded> {
    let (root, directory, mut map, mut tested) = tested(path.parent().unwrap_or(path), settings)?;
    let text = read_source(path)?;
    let id = map.add(shown(path), text);
    let (file, problems) = infra_lang::parse(id, &map.file(id).text);
    tested.problems.extend(problems);
    if !tested.problems.is_empty() {
        return Err(CommandError::Diagnostics(tested.problems, Box::new(map)));
    }
    let suite = test_file(&file).and_then(|file| {
        let suite = Suite { file, sources: tested.files, directory, id, tool: tool() };
        suite.check(schemas).map(|()| suite)
    });
    match suite {
        Ok(suite) => Ok(Loaded { suite, root, sources: map }),
        Err(errors) => Err(CommandError::Diagnostics(errors, Box::new(map))),
    }
}

/// The sources of the project or module in a folder, with the root they are seen from and the folder's name there.
fn tested(folder: &Path, settings: &Settings) -> CommandResult<(PathBuf, String, SourceMap, Sources)> {
    let mut map = SourceMap::default();
    let alone = sources::read(folder, &shown(folder), "", &mut map)?;
    if alone.files.iter().any(is_project) {
        return Ok((folder.to_owned(), String::new(), map, alone));
    }
    let (root, name) = around(folder, settings)?;
    let mut map = SourceMap::default();
    let module = sources::read(&root, &shown(&root), &name, &mut map)?;
    Ok((root, name, map, module))
}

fn is_project(source: &Source) -> bool {
    source.directory.is_empty() && source.file.body.blocks().any(|block| block.kind.as_str() == "project")
}

/// The directory from which a module is called, and the module's path there: ours, if the module is below it.
fn around(folder: &Path, settings: &Settings) -> CommandResult<(PathBuf, String)> {
    let absolute = |path: &Path| {
        path.canonicalize().map_err(|error| file_error("the directory cannot be read", path, &error))
    };
    let (here, folder) = (absolute(&settings.directory)?, absolute(folder)?);
    let name = |path: &Path| path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    match (folder.strip_prefix(&here), folder.parent(), folder.file_name()) {
        (Ok(below), ..) if !below.as_os_str().is_empty() => Ok((settings.directory.clone(), name(below))),
        (_, Some(parent), Some(last)) => Ok((parent.to_owned(), name(Path::new(last)))),
        _ => Ok((folder.clone(), ".".to_owned())),
    }
}

/// A path as the user would type it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}
