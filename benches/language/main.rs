//! Parsing, formatting and checking, in CPU time of the thread; and the most memory that each takes.
//!
//! Memory is measured by doing a case once in a process of its own: `language memory-of CASE`.

#[path = "../../lang/tests/meaning/kinds.rs"]
mod kinds;
mod meter;

use std::hint::black_box;
use std::process::Command;

use criterion::{Criterion, Throughput};
use infra_benches::{file, files, project};
use infra_lang::ast::File;
use infra_lang::span::FileId;
use infra_lang::{Source, check, format, parse};

use meter::CpuTime;

/// A name, what is measured on which texts, and by what its time is divided.
struct Case {
    name: &'static str,
    texts: fn() -> Vec<String>,
    run: fn(&[String]),
    per: fn(&[String]) -> Throughput,
}

const CASES: &[Case] = &[
    Case { name: "parse/10 MB", texts: || vec![file(10_000_000)], run: parse_all, per: bytes },
    Case { name: "parse/2000 files", texts: || files(2_000), run: parse_all, per: bytes },
    Case { name: "format/2000 files", texts: || files(2_000), run: format_all, per: bytes },
    Case { name: "validate/5000 objects", texts: || project(5_000, 200), run: validate, per: objects },
    Case { name: "validate/50000 objects", texts: || project(50_000, 2_000), run: validate, per: objects },
];

/// The argument that asks for the memory of a case.
const MEMORY_OF: &str = "memory-of";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == MEMORY_OF) {
        Some(at) => println!("{}", memory(&arguments[at + 1])),
        None => measure(),
    }
}

fn measure() {
    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    for case in CASES {
        let texts = (case.texts)();
        let mut group = criterion.benchmark_group("language");
        group.sample_size(10).throughput((case.per)(&texts));
        group.bench_function(case.name, |bencher| bencher.iter(|| (case.run)(&texts)));
        group.finish();
    }
    criterion.final_summary();
    CASES.iter().for_each(|case| println!("{:24} {} MiB at most", case.name, memory_in_a_process(case.name)));
}

fn memory_in_a_process(name: &str) -> String {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args([MEMORY_OF, name]).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn memory(name: &str) -> u64 {
    let case = CASES.iter().find(|case| case.name == name).expect("a case");
    (case.run)(&(case.texts)());
    meter::peak()
}

fn bytes(texts: &[String]) -> Throughput {
    Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum())
}

fn objects(texts: &[String]) -> Throughput {
    let objects = texts.iter().map(|text| text.matches("\nroute53_record").count() * 5);
    Throughput::Elements(objects.sum::<usize>() as u64)
}

/// Reads all texts and keeps all trees.
fn trees(texts: &[String]) -> Vec<File> {
    let read = |(at, text): (usize, &String)| {
        let (file, diagnostics) = parse(FileId(at as u32), text);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        file
    };
    texts.iter().enumerate().map(read).collect()
}

fn parse_all(texts: &[String]) {
    black_box(trees(texts));
}

fn format_all(texts: &[String]) {
    for text in texts {
        black_box(format(text).expect("no errors"));
    }
}

fn validate(texts: &[String]) {
    let sources = trees(texts).into_iter().map(|file| Source { directory: String::new(), file });
    let sources: Vec<Source> = sources.collect();
    black_box(check(&sources, &kinds::schemas()).expect("no errors"));
}
