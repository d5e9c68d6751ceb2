//! What it takes to load and to save a state of 10,000 objects, and to add an event to a journal: through the files of
//! the shell, on the disk of the folder for temporary files (`TMPDIR` names another), in time that passes.

#[expect(dead_code, reason = "the shell uses more of it")]
#[path = "../src/store/file.rs"]
mod file;

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::Criterion;
use infra_engine::id::StepId;
use infra_engine::journal::JournalEvent;
use infra_engine::journal_file::{self, Chain};
use infra_engine::provider::Outcome;
use infra_engine::seal::SealKey;
use infra_engine::state::{Physical, Record, State};
use infra_engine::state_file;
use infra_lang::address::Address;
use infra_lang::residual::Values;
use infra_lang::value::Value;

const OBJECTS: usize = 10_000;

fn main() {
    let folder = std::env::temp_dir().join(format!("infra-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut criterion = Criterion::default().configure_from_args();
    state(&mut criterion, &folder.join("infra.state"));
    journal(&mut criterion, &folder.join("infra.state.journal"));
    criterion.final_summary();
    std::fs::remove_dir_all(&folder).expect("removed");
}

fn state(criterion: &mut Criterion, path: &Path) {
    let (state, backup) = (many(), PathBuf::from(format!("{}.backup", path.display())));
    let save = || file::write_keeping(path, &state_file::write(&state), &backup).expect("saved");
    save();
    println!("a state of {OBJECTS} objects: {} KiB", std::fs::metadata(path).expect("a file").len() / 1024);
    let mut group = criterion.benchmark_group("state");
    group.sample_size(10);
    group.bench_function("load", |bencher| {
        bencher.iter_with_large_drop(|| {
            let bytes = file::read(path).expect("read").expect("a file");
            black_box(state_file::read(&bytes).expect("a state"))
        });
    });
    group.bench_function("save", |bencher| bencher.iter(save));
    group.finish();
}

fn journal(criterion: &mut Criterion, path: &Path) {
    let mut log = file::Log::open(path).expect("opened");
    let mut chain = Chain::default();
    let outcome = Outcome { id: Some("lb-0123456789abcdef0".into()), observed: Some(values(7)) };
    let event = JournalEvent::Succeeded { step: StepId(1), outcome };
    criterion.bench_function("journal/append", |bencher| {
        bencher
            .iter(|| log.append(&journal_file::line(&event, &mut chain).expect("JSON")).expect("appended"));
    });
}

/// Objects as large as those of real projects, each with others that it refers to.
fn many() -> State {
    let state = State::new("0".repeat(32), SealKey([7; 32]), "bench", "123456789012", "eu-west-1");
    let address = |number: usize| Address::managed("elb", &format!("service_{number:05}"));
    let records = (0..OBJECTS).map(|number| {
        let object = Physical {
            id: format!("lb-{number:017x}").as_str().into(),
            applied: values(number),
            observed: values(number),
            identity: None,
        };
        let dependencies = [address(number / 2), address(number / 3)].into();
        (address(number), Record { current: Some(object), dependencies, ..Record::empty("elb".into()) })
    });
    State { records: records.collect(), ..state }
}

fn values(number: usize) -> Values {
    let text = |prefix: &str| Value::string(format!("{prefix}-{number:08x}"));
    let zones = ["a", "b", "c"].map(|zone| Value::string(format!("eu-west-1{zone}")));
    let listener = Value::Map(
        ["lb_port", "instance_port"].map(|name| (name.to_owned(), Value::int(80))).into_iter().collect(),
    );
    Values::from([
        ("name".into(), text("service")),
        ("availability_zones".into(), Value::List(zones.to_vec())),
        ("listener".into(), Value::List(vec![listener.clone(), listener])),
        ("security_groups".into(), Value::List(vec![text("sg"), text("sg-other")])),
        ("subnets".into(), Value::List(vec![text("subnet-a"), text("subnet-b")])),
        ("health_check".into(), text("HTTP:80/health?of=")),
        ("idle_timeout".into(), Value::seconds(60)),
        ("internal".into(), Value::Bool(false)),
        ("secret".into(), Value::Sealed("ab".repeat(32))),
        ("dns_name".into(), text("internal-service.eu-west-1.elb.amazonaws.com")),
    ])
}
