//! `infra fmt`: rewrite source files in the canonical format.

use std::io::Read;
use std::path::{Path, PathBuf};

use infra_lang::span::SourceMap;
use similar::TextDiff;

use super::Exit;
use crate::args::FmtArgs;
use crate::error::{CommandError, CommandResult, file_error};
use crate::settings::Settings;
use crate::terminal::Terminal;
use crate::workspace::{read_source, write_source};

pub fn run(args: &FmtArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    if args.paths == [Path::new("-")] {
        return standard_input(terminal);
    }
    let mut exit = Exit::Ok;
    for path in files(args, settings)? {
        match one(&path, args, terminal) {
            Ok(differs) if differs && args.check => exit = Exit::Error,
            Ok(_) => {}
            // One file that cannot be read is no reason to leave the others as they are.
            Err(error) => {
                terminal.error(&error);
                exit = Exit::Error;
            }
        }
    }
    Ok(exit)
}

/// The source files meant: those named, those below folders named, or those of the project.
fn files(args: &FmtArgs, settings: &Settings) -> CommandResult<Vec<PathBuf>> {
    let roots = match args.paths.is_empty() {
        true => vec![settings.directory.clone()],
        false => args.paths.iter().map(|path| settings.resolve(path)).collect(),
    };
    let mut files = Vec::new();
    for root in roots {
        let found = |error: ignore::Error| file_error("cannot be read", &root, &std::io::Error::other(error));
        for entry in ignore::WalkBuilder::new(&root).build() {
            let path = entry.map_err(found)?.into_path();
            let named = path == root && path.is_file();
            if named || path.extension().is_some_and(|extension| extension == "infra") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Formats one file; gives whether it was not formatted.
fn one(path: &Path, args: &FmtArgs, terminal: &Terminal) -> CommandResult<bool> {
    let text = read_source(path)?;
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let new = formatted(&shown, &text)?;
    if new == text {
        return Ok(false);
    }
    terminal.print(&format!("{shown}\n"));
    if args.diff {
        terminal.print(&TextDiff::from_lines(&text, &new).unified_diff().header(&shown, &shown).to_string());
    }
    if !args.check && !args.diff {
        write_source(path, &new)?;
    }
    Ok(true)
}

fn formatted(path: &str, text: &str) -> CommandResult<String> {
    infra_lang::format(text).map_err(|diagnostics| {
        let mut sources = SourceMap::default();
        sources.add(path, text);
        CommandError::Diagnostics(diagnostics, Box::new(sources))
    })
}

fn standard_input(terminal: &Terminal) -> CommandResult<Exit> {
    let mut text = String::new();
    let path = Path::new("<stdin>");
    std::io::stdin().read_to_string(&mut text).map_err(|error| file_error("cannot be read", path, &error))?;
    terminal.print(&formatted("<stdin>", &text)?);
    Ok(Exit::Ok)
}
