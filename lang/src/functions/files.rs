//! Files of the project, and paths.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::strings::text;
use super::{Arguments, Function, Surroundings, reads, special, values};
use crate::explain::codes;
use crate::inputs::FileError;
use crate::partial::Fault;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values("basename", "(path: string) -> string", "The last part of a path.", |a| {
        let path = a.text(0)?.trim_end_matches('/');
        text(path.rsplit('/').next().unwrap_or_default())
    }),
    values("dirname", "(path: string) -> string", "The path without its last part.", |a| {
        let path = a.text(0)?.trim_end_matches('/');
        text(
            path.rsplit_once('/')
                .map_or(".", |(directory, _)| if directory.is_empty() { "/" } else { directory }),
        )
    }),
    reads("file", "(path: string) -> string", "The text of a file.", |s, a| {
        Ok(Value::String(read_text(s, a.text(0)?)?))
    }),
    reads("filebase64", "(path: string) -> string", "The bytes of a file in base64.", |s, a| {
        Ok(Value::string(STANDARD.encode(read(s, a.text(0)?)?)))
    }),
    reads("fileexists", "(path: string) -> bool", "Whether there is such a file.", |s, a| {
        Ok(Value::Bool(s.files.read(&inside(s, a.text(0)?)).is_ok()))
    }),
    reads(
        "filesha256",
        "(path: string) -> string",
        "The SHA-256 of a file's bytes, in hexadecimal.",
        |s, a| Ok(Value::string(hex::encode(Sha256::digest(read(s, a.text(0)?)?)))),
    ),
    reads(
        "fileset",
        "(directory: string, pattern: string) -> set(string)",
        "The files under a directory whose path matches a glob.",
        fileset,
    ),
    reads(
        "digest",
        "(path: string) -> string",
        "One digest of a file or tree: paths, executable bits, links and bytes.",
        |s, a| {
            let path = a.text(0)?;
            let content = s.files.content(&inside(s, path), &[]).map_err(|error| fault(path, &error))?;
            Ok(Value::String(content.digest))
        },
    ),
    special(
        "templatefile",
        "(path: string, variables: any) -> string",
        "A file's text as a template, in which the variables are names.",
    ),
];

/// A path of a module, from the root of the project.
pub(super) fn inside(surroundings: &Surroundings<'_>, path: &str) -> String {
    match surroundings.directory {
        "" => path.to_owned(),
        directory => format!("{directory}/{path}"),
    }
}

fn fault(path: &str, error: &FileError) -> Fault {
    Fault::new(codes::FILE, format!("`{path}` cannot be read: {error}"))
}

fn read(surroundings: &Surroundings<'_>, path: &str) -> Result<Vec<u8>, Fault> {
    surroundings.files.read(&inside(surroundings, path)).map_err(|error| fault(path, &error))
}

/// The text of a file; bytes that are no text have `filebase64`.
pub(crate) fn read_text(surroundings: &Surroundings<'_>, path: &str) -> Result<String, Fault> {
    String::from_utf8(read(surroundings, path)?).map_err(|_| {
        Fault::new(codes::FILE, format!("`{path}` is not UTF-8 text"))
            .hint("use `filebase64` for other bytes")
    })
}

fn fileset(surroundings: &Surroundings<'_>, a: &Arguments) -> Result<Value, Fault> {
    let directory = a.text(0)?;
    let paths = surroundings.files.matching(&inside(surroundings, directory), a.text(1)?);
    let paths = paths.map_err(|error| fault(directory, &error))?;
    Ok(Value::Set(paths.into_iter().map(Value::String).collect()))
}
