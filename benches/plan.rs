//! What a plan of a hundred services (401 objects) costs in time, work and memory.
//!
//! `cargo bench --bench plan`. Each figure is the median of several processes of its own, as a user's command is one,
//! on the embedded AWS in the same process: the model's own work, which AWS does elsewhere, is part of it. There is
//! no framework because none tells work and memory, and those that tell time would have half of all dependencies
//! built twice, for other features.

#[expect(dead_code, reason = "tests use more of it")]
#[path = "../tests/support/in_process.rs"]
mod in_process;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use infra_engine::store::{MemoryStore, StateStore};
use infra_local_aws::timing::TimeModel;

use in_process::{Cloud, applied, desired, planned, runtime};

const SERVICES: &str = include_str!("../tests/support/services.infra");
/// What is measured.
const CASES: [&str; 3] = ["evaluate", "first plan", "plan without changes"];
/// Processes for each.
const TIMES: usize = 5;
/// The argument that makes this program measure one case itself.
const ONE: &str = "one-case";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == ONE) {
        Some(at) => println!("{}", measured(&arguments[at + 1], Path::new(&arguments[at + 2]))),
        None => compare(),
    }
}

/// Prints a line for each case.
fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());
    println!("{:22}{:>12}{:>12}{:>12}", "", "time/ms", "work/ms", "memory/MiB");
    for case in CASES {
        let mut figures: Vec<Figures> = (0..TIMES).map(|_| in_a_process(case, folder.path())).collect();
        let [time, work, memory] = [0, 1, 2].map(|column| {
            figures.sort_by_key(|figures| figures[column]);
            figures[TIMES / 2][column]
        });
        println!("{case:22}{:>12}{:>12}{:>12}", time / 1000, work / 1000, memory / 1024);
    }
}

/// Microseconds that passed, microseconds of work, and the most memory in KiB.
type Figures = [u64; 3];

fn in_a_process(case: &str, folder: &Path) -> Figures {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args([ONE, case]).arg(folder).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<u64> = said.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    figures.try_into().unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Applies the hundred services, and keeps the cloud and the state in files.
fn prepare(folder: &Path) {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::fast()), MemoryStore::default());
        let report = applied(&desired(SERVICES), &store, &cloud.provider(None).await).await;
        assert!(report.is_success(), "{:?}", report.failed);
        let state = store.load().await.expect("in memory").expect("a state");
        fs::write(folder.join("state"), state).expect("written");
        fs::write(folder.join("cloud"), cloud.aws.snapshot()).expect("written");
    });
}

/// Does one case once, and gives its figures.
fn measured(case: &str, folder: &Path) -> String {
    let read = |name: &str| fs::read(folder.join(name)).expect("prepared");
    let (begun, before) = (Instant::now(), work());
    match case {
        "evaluate" => {
            black_box(desired(SERVICES));
        }
        "first plan" => plan_on(None, None),
        _ => plan_on(Some(read("state")), Some(read("cloud"))),
    }
    format!("{} {} {}", begun.elapsed().as_micros(), (work() - before) / 1000, peak())
}

/// Evaluates, reads and plans; with a state there is nothing to do.
fn plan_on(state: Option<Vec<u8>>, cloud: Option<Vec<u8>>) {
    runtime().block_on(async {
        let cloud = cloud.map_or_else(
            || Cloud::new(TimeModel::fast()),
            |snapshot| Cloud::restore(&String::from_utf8_lossy(&snapshot)),
        );
        let (store, unchanged) = (MemoryStore::default(), state.is_some());
        if let Some(state) = state {
            store.save(&state).await.expect("in memory");
        }
        let plan = planned(&desired(SERVICES), &store, &cloud.provider(None).await).await;
        assert_eq!(plan.is_empty(), unchanged);
    });
}

/// Nanoseconds that this thread, the only one that works, has run: proc(5), `schedstat`.
fn work() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|time| time.parse().ok()).expect("a number")
}

/// The most memory that was resident, in KiB: proc(5), `VmHWM`.
fn peak() -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line for it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
