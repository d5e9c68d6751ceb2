//! Ten services are made, swapped and destroyed, and the process dies at every write to AWS, once or twice in a row: what
//! the next run leaves is what a run that nobody disturbed leaves, and nothing was made or ended twice.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use infra_aws::AwsProvider;
use infra_engine::apply::ApplyReport;
use infra_engine::store::{MemoryStore, StateStore};
use infra_lang::desired::Desired;
use infra_local_aws::timing::TimeModel;

use super::floors::{Floors, Serving, serving};
use super::services;
use super::sights::{details, known, there};
use crate::support::dying::{Dying, Moment};
use crate::support::in_process::{
    Cloud, applied, copied, desired, destroyed, planned, planned_end, runtime, state_in,
};
use crate::support::page::Page;

const PAGE: Page = Page { path: "docs/crash.md", update: "crash" };

/// The commands that die, each on what the one before has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Create,
    Swap,
    Destroy,
}

/// Where the services stand between two commands.
struct Stand {
    /// The cloud's snapshot; none before anything was made.
    snapshot: Option<String>,
    store: MemoryStore,
    serving: Serving,
}

impl Stand {
    fn cloud(&self) -> Cloud {
        self.snapshot.as_deref().map_or_else(|| Cloud::new(TimeModel::fast()), Cloud::restore)
    }
}

/// What a command has left, once nothing happens any more.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    /// How many objects there are, all of them in the state.
    objects: usize,
    details: String,
    /// How many instances were launched until then.
    launched: usize,
    /// How often something was made or ended, by operation.
    made: BTreeMap<String, usize>,
}

/// A command as it goes when nobody disturbs it.
struct Course {
    writes: usize,
    left: Left,
    end: Stand,
}

/// Writes that were done again after a death, because nobody could know that they had been: of those that do no more
/// the second time. Several may have been on their way.
const MOST_AGAIN: usize = 3;

/// How long nobody notices that a process has died.
const UNNOTICED: Duration = Duration::from_secs(60);

impl Command {
    fn wanted(self) -> Desired {
        desired(&if self == Self::Create { services::first() } else { services::second() })
    }

    async fn run(self, store: &dyn StateStore, provider: &AwsProvider) -> ApplyReport {
        match self {
            Self::Create | Self::Swap => applied(&self.wanted(), store, provider).await,
            Self::Destroy => destroyed(&self.wanted(), store, provider).await,
        }
    }

    /// What is left to do, in words.
    async fn rest(self, store: &dyn StateStore, provider: &AwsProvider) -> String {
        let plan = match self {
            Self::Create | Self::Swap => planned(&self.wanted(), store, provider).await,
            Self::Destroy => planned_end(&self.wanted(), store, provider).await,
        };
        if plan.is_empty() { String::new() } else { format!("{:?} {:?}", plan.changes, plan.outputs) }
    }

    fn start(self) -> &'static Stand {
        static EMPTY: OnceLock<Stand> = OnceLock::new();
        let empty = || Stand { snapshot: None, store: MemoryStore::default(), serving: Serving::new() };
        match self {
            Self::Create => EMPTY.get_or_init(empty),
            Self::Swap => &Self::Create.course().end,
            Self::Destroy => &Self::Swap.course().end,
        }
    }

    fn course(self) -> &'static Course {
        static COURSES: [OnceLock<Course>; 3] = [const { OnceLock::new() }; 3];
        let start = self.start();
        COURSES[self as usize].get_or_init(|| runtime().block_on(undisturbed(self, start)))
    }

    /// How many instances have to serve, from its beginning to its end.
    fn floor(self) -> Serving {
        if self == Self::Swap { self.start().serving.clone() } else { Serving::new() }
    }
}

async fn undisturbed(command: Command, start: &Stand) -> Course {
    let (cloud, store) = (start.cloud(), copied(&start.store).await);
    let report = command.run(&store, &cloud.provider(None).await).await;
    assert!(report.is_success(), "{:?}", report.failed);
    let writes = cloud.done().values().sum();
    let left = left(command, &cloud, &store).await;
    let end = Stand { snapshot: Some(cloud.aws.snapshot()), store, serving: serving(&cloud) };
    Course { writes, left, end }
}

/// Looks at what a command has left.
///
/// # Panics
/// Something is left to do, something is there that the state does not know, or it knows something that is not there.
async fn left(command: Command, cloud: &Cloud, store: &MemoryStore) -> Left {
    tokio::time::sleep(UNNOTICED).await;
    let made = cloud.done().into_iter().filter(|(operation, _)| counts_twice(operation)).collect();
    assert_eq!(command.rest(store, &cloud.provider(None).await).await, "");
    let objects = cloud.model(|model| there(model));
    assert_eq!(objects, known(&state_in(store).await));
    cloud.model(|model| Left {
        objects: objects.len(),
        details: details(model),
        launched: model.ec2.instances.len(),
        made,
    })
}

/// Whether doing it twice is more than doing it once.
fn counts_twice(operation: &str) -> bool {
    let makes = ["Create", "Run", "Start", "Import", "Delete", "Terminate"];
    let same = ["CreateOrUpdateTags", "CreateTags", "DeleteTags"];
    operation == "POST /hostedzone"
        || makes.iter().any(|word| operation.starts_with(word)) && !same.contains(&operation)
}

/// A command that dies as often as is said, and is then run to its end. Gives by how many writes that took more;
/// nothing if it came to its end before it died.
async fn killed(command: Command, kills: &[(usize, Moment)]) -> Option<usize> {
    let course = command.course();
    let (cloud, store) = (command.start().cloud(), copied(&command.start().store).await);
    let floors = Floors::watch(&cloud, &command.floor());
    for (at, moment) in kills {
        let dying = Dying::new(&store, *at, *moment);
        let provider = cloud.provider_over(dying.wire(&cloud, Some(floors.at_requests()))).await;
        tokio::select! {
            biased;
            () = dying.died.cancelled() => {}
            _ = command.run(&dying, &provider) => return None,
        }
        tokio::time::sleep(UNNOTICED).await;
    }
    let told = format!("{command:?} {kills:?}");
    let provider = cloud.provider(Some(floors.at_requests())).await;
    let report = command.run(&store, &provider).await;
    assert!(report.is_success(), "{told}: {:?}", report.failed);
    let writes: usize = cloud.done().values().sum();
    assert_eq!(left(command, &cloud, &store).await, course.left, "{told}");
    assert_eq!(floors.wrong(), [""; 0], "{told}");
    Some(writes.saturating_sub(course.writes))
}

/// Every ninth write, and for another moment, or the second death, another ninth; all with `EVERY_STEP=1`.
fn steps(writes: usize, number: usize) -> impl Iterator<Item = usize> {
    let every = std::env::var_os("EVERY_STEP").is_some();
    let (first, apart) = if every { (1, 1) } else { (1 + number % 9, 9) };
    (first..=writes).step_by(apart)
}

const MOMENTS: [Moment; 3] = [Moment::Unanswered, Moment::Untouched, Moment::Torn];

/// Dies at writes in turn, each time at one moment.
fn dies(command: Command, number: usize) {
    let writes = command.course().writes;
    let more = steps(writes, 4 * number + command as usize).map(|at| {
        let more = runtime().block_on(killed(command, &[(at, MOMENTS[number])]));
        more.unwrap_or_else(|| panic!("{command:?} has no write {at}"))
    });
    assert!(more.max().expect("it writes") <= MOST_AGAIN, "writes were done again that need not be");
}

macro_rules! commands_that_die {
    ($($test:ident: $command:ident at $number:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            dies(Command::$command, $number);
        }
    )*};
}

commands_that_die! {
    making_ten_services_dies_before_it_is_answered: Create at 0,
    making_ten_services_dies_before_it_is_written: Create at 1,
    making_ten_services_dies_while_it_is_written: Create at 2,
    swapping_ten_services_dies_before_it_is_answered: Swap at 0,
    swapping_ten_services_dies_before_it_is_written: Swap at 1,
    swapping_ten_services_dies_while_it_is_written: Swap at 2,
    destroying_ten_services_dies_before_it_is_answered: Destroy at 0,
    destroying_ten_services_dies_before_it_is_written: Destroy at 1,
    destroying_ten_services_dies_while_it_is_written: Destroy at 2,
}

/// How many writes there are to die at, and how many deaths that makes.
#[test]
fn the_page_counts_the_writes() {
    let row = |command: Command| {
        let Course { writes, left, .. } = command.course();
        let (deaths, twice) = (writes * MOMENTS.len(), writes / 3);
        format!("| {command:?} | {} | {writes} | {deaths} | {twice} |\n", left.objects)
    };
    PAGE.expect("deaths", &[Command::Create, Command::Swap, Command::Destroy].map(row).concat());
}

/// What goes on is as mortal as what began.
#[test]
fn it_dies_again_while_it_goes_on() {
    for command in [Command::Create, Command::Swap, Command::Destroy] {
        for at in steps(command.course().writes / 3, command as usize).map(|at| 3 * at) {
            let kills = [(at, MOMENTS[at % 2]), (1 + at % 4, MOMENTS[at % 3])];
            let _ = runtime().block_on(killed(command, &kills));
        }
    }
}
