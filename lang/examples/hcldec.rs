//! HCL's `hcldec` over this parser and evaluator, so that HashiCorp's own conformance suite can run against them:
//! `hcldec --spec=SPEC [--diags=json] [--with-type] [--keep-nulls] [--var-refs] FILE`.
//!
//! The protocol and the specification language are those of `github.com/hashicorp/hcl/v2/cmd/hcldec`, as far as the
//! suite uses them. Of HCL's JSON syntax only the empty object is read: the language has none.
#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a program of its own")]

#[path = "hcldec/decode.rs"]
mod decode;
#[path = "hcldec/evaluate.rs"]
mod evaluate;
#[path = "hcldec/json.rs"]
mod json;
#[path = "hcldec/spec.rs"]
mod spec;

use std::process::ExitCode;

use infra_lang::ast::File;
use infra_lang::diagnostic::Diagnostic;
use infra_lang::parse;
use infra_lang::span::SourceMap;

/// What is asked for.
struct Options {
    spec: String,
    input: String,
    references: bool,
    with_type: bool,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("usage: hcldec --spec=SPEC [--diags=json] [--with-type] [--keep-nulls] [--var-refs] FILE");
        return ExitCode::from(2);
    };
    let mut sources = SourceMap::default();
    match run(&options, &mut sources) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(errors) => {
            eprintln!("{}", json::diagnostics(&errors, &sources));
            ExitCode::from(2)
        }
    }
}

fn options(arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options =
        Options { spec: String::new(), input: String::new(), references: false, with_type: false };
    for argument in arguments {
        match argument.split_once('=').unwrap_or((&argument, "")) {
            ("--spec", path) => options.spec = path.to_owned(),
            ("--with-type", _) => options.with_type = true,
            ("--var-refs", _) => options.references = true,
            ("--diags" | "--keep-nulls", _) => {}
            (unknown, _) if unknown.starts_with('-') => return None,
            _ => options.input = argument,
        }
    }
    (!options.spec.is_empty() && !options.input.is_empty()).then_some(options)
}

fn run(options: &Options, sources: &mut SourceMap) -> Result<String, Vec<Diagnostic>> {
    let specification = read(&options.spec, sources)?;
    let specification = spec::specification(&specification, sources)?;
    let file = read(&options.input, sources)?;
    if options.references {
        return Ok(json::references(&decode::expressions(&file.body, &specification.root), sources));
    }
    let mut evaluation = evaluate::Evaluation::new(&specification.variables);
    let decoded = decode::decode(&file.body, &specification.root, &mut evaluation)?;
    let values = evaluation.values()?;
    let typed = decode::finish(&decoded, &values)?;
    Ok(if options.with_type { json::with_type(&typed) } else { json::value(&typed) })
}

/// A file's tree.
fn read(path: &str, sources: &mut SourceMap) -> Result<File, Vec<Diagnostic>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| {
        eprintln!("{path}: {error}");
        std::process::exit(2)
    });
    // An empty JSON object is an empty body.
    let text = if path.ends_with(".json") && text.trim() == "{}" { String::new() } else { text };
    let id = sources.add(path, text);
    let (file, diagnostics) = parse(id, &sources.file(id).text);
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    if errors.is_empty() { Ok(file) } else { Err(errors) }
}
