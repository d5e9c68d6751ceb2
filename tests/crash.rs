//! An apply that dies at any moment is finished by the next one: nothing is made twice, nothing is left behind, and
//! through a swap nobody notices.

mod floors;
mod matrix;
mod processes;
mod services;
mod sights;

use std::time::{Duration, Instant};

use infra_aws::AwsProvider;
use infra_engine::change::Action;
use infra_engine::store::MemoryStore;
use infra_lang::address::Address;
use infra_lang::desired::Desired;
use infra_local_aws::LocalAws;
use infra_local_aws::model::Model;
use infra_local_aws::model::ec2::InstanceState;
use infra_local_aws::timing::TimeModel;

use crate::support::capacity::{Watcher, never_listens, only_group};
use crate::support::clouds;
use crate::support::dying::{Dying, Moment};
use crate::support::in_process::{Cloud, REGION, applied, copied, desired, planned, resumed, runtime};
use crate::support::project::TestProject;

const FIRST: &str = include_str!("kinds/configuration_group/first.infra");
const SECOND: &str = include_str!("kinds/configuration_group/second.infra");

/// An image whose application never starts.
const NEVER: &str = "ami-1ebb2077";

fn in_region(text: &str) -> String {
    text.replace("REGION", REGION)
}

/// How many there are of everything the project makes.
fn census(model: &mut Model) -> String {
    let sizes: Vec<u64> = model.autoscaling.groups.values().map(|group| group.size.desired).collect();
    let lives = |state| matches!(state, InstanceState::Pending | InstanceState::Running);
    let instances = model.ec2.instances.values().filter(|instance| lives(instance.state)).count();
    let (configurations, balancers) = (model.autoscaling.configurations.len(), model.elb.balancers.len());
    format!(
        "groups of {sizes:?}, {configurations} configurations, {balancers} balancers, {instances} instances"
    )
}

/// What there is to be after the first apply.
const MADE: &str = "groups of [2], 1 configurations, 1 balancers, 2 instances";
/// What there is to be after the swap: the older configuration is kept, for a way back.
const SWAPPED: &str = "groups of [2], 2 configurations, 1 balancers, 2 instances";

/// Where a project stands before an apply: the cloud's snapshot and what is stored; nothing before the first.
struct Start {
    snapshot: Option<String>,
    store: MemoryStore,
}

impl Start {
    fn empty() -> Self {
        Self { snapshot: None, store: MemoryStore::default() }
    }

    fn applied(wanted: &Desired) -> Self {
        runtime().block_on(async {
            let (cloud, store) = (Cloud::new(TimeModel::fast()), MemoryStore::default());
            assert!(applied(wanted, &store, &cloud.provider(None).await).await.is_success());
            Self { snapshot: Some(cloud.aws.snapshot()), store }
        })
    }

    fn cloud(&self) -> Cloud {
        let cloud = self.snapshot.as_deref().map_or_else(|| Cloud::new(TimeModel::fast()), Cloud::restore);
        cloud.model(|model| never_listens(model, NEVER));
        cloud
    }

    /// Applies, and dies at a write.
    async fn killed(&self, wanted: &Desired, at: usize, moment: Moment) -> Killed {
        let (cloud, store) = (self.cloud(), copied(&self.store).await);
        let watcher = self.snapshot.is_some().then(|| Watcher::new(&cloud));
        let dying = Dying::new(&store, at, moment);
        let wire = dying.wire(&cloud, watcher.as_ref().map(Watcher::at_requests));
        let provider = cloud.provider_over(wire).await;
        let died = tokio::select! {
            biased;
            () = dying.died.cancelled() => true,
            _ = applied(wanted, &dying, &provider) => false,
        };
        Killed { cloud, store, watcher, died }
    }
}

/// What an apply that was to die leaves.
struct Killed {
    cloud: Cloud,
    store: MemoryStore,
    watcher: Option<Watcher>,
    /// Whether it came to the write it was to die at.
    died: bool,
}

impl Killed {
    /// AWS for the next process.
    async fn provider(&self) -> AwsProvider {
        self.cloud.provider(self.watcher.as_ref().map(Watcher::at_requests)).await
    }
}

/// Dies at every write in turn, and each time lets `then` see to the rest.
fn killed_everywhere(start: &Start, wanted: &Desired, moment: Moment, then: impl AsyncFn(&Killed)) {
    let dies = |at: usize| {
        runtime().block_on(async {
            let killed = start.killed(wanted, at, moment).await;
            then(&killed).await;
            if let Some(watcher) = &killed.watcher {
                watcher.with(|seen| assert_eq!(seen.wrong, [""; 0], "{moment:?}, write {at}"));
            }
            killed.died
        })
    };
    let writes = (1..).find(|at| !dies(*at)).expect("it comes to an end") - 1;
    assert!(writes >= 5, "{writes}");
}

/// Applies again after each death, and expects all to be as wanted.
fn finished_everywhere(start: &Start, wanted: &Desired, moment: Moment, expected: &str) {
    killed_everywhere(start, wanted, moment, async |killed: &Killed| {
        let provider = killed.provider().await;
        if killed.died {
            let report = applied(wanted, &killed.store, &provider).await;
            assert!(report.is_success(), "{:?}", report.failed);
        }
        let plan = planned(wanted, &killed.store, &provider).await;
        assert!(plan.is_empty(), "{:?}", plan.changes);
        assert_eq!(killed.cloud.model(census), expected);
    });
}

#[test]
fn a_first_apply_that_dies_is_finished_by_the_next() {
    let wanted = desired(&in_region(FIRST));
    for moment in [Moment::During, Moment::After, Moment::Unanswered] {
        finished_everywhere(&Start::empty(), &wanted, moment, MADE);
    }
}

/// From the first configuration to the second, which swaps the group, by what its `swap` block then says.
fn swap_dies(block: &str, moment: Moment) {
    let by = |text: &str| desired(&in_region(text).replace("bake = 0s", block));
    let start = Start::applied(&by(FIRST));
    finished_everywhere(&start, &by(SECOND), moment, SWAPPED);
}

/// At every write of a swap by a strategy: while it writes, when it has written, before it is answered.
macro_rules! swaps_that_die {
    ($($strategy:ident: $block:literal),*) => {$(
        mod $strategy {
            use super::*;

            #[test]
            fn dies_while_it_writes_and_is_finished_by_the_next() {
                swap_dies($block, Moment::During);
            }

            #[test]
            fn dies_when_it_has_written_and_is_finished_by_the_next() {
                swap_dies($block, Moment::After);
            }

            #[test]
            fn dies_before_it_is_answered_and_is_finished_by_the_next() {
                swap_dies($block, Moment::Unanswered);
            }
        }
    )*};
}

swaps_that_die!(
    blue_green: "bake = 0s",
    canary: r#"strategy = "canary", stages = [50%, 100%], bake = 0s"#,
    rolling: r#"strategy = "rolling", bake = 0s"#
);

/// To an image whose application never starts: the way back is gone to its end, and the group is as it was.
fn way_back_dies(moment: Moment) {
    let text = in_region(FIRST).replace("bake = 0s", "timeout = 30s");
    let start = Start::applied(&desired(&text));
    let wanted = desired(&text.replace("ami-22de994a", NEVER));
    let original = runtime().block_on(async { only_group(&start.cloud()) });
    killed_everywhere(&start, &wanted, moment, async |killed: &Killed| {
        let provider = killed.provider().await;
        if let Some(report) = resumed(&killed.store, &provider).await {
            assert!(!report.failed.is_empty() && report.undo_failed.is_empty(), "{report:?}");
        }
        assert_eq!(only_group(&killed.cloud), original);
        let census = killed.cloud.model(census);
        assert!(census.ends_with("1 balancers, 2 instances"), "{census}");
        let plan = planned(&wanted, &killed.store, &provider).await;
        let group =
            plan.change(&Address::managed("autoscaling_group", "web")).expect("a change of the group");
        assert_eq!(group.action, Action::Swap);
    });
}

#[test]
fn a_way_back_that_dies_while_it_writes_is_finished_by_the_next() {
    way_back_dies(Moment::During);
}

#[test]
fn a_way_back_that_dies_when_it_has_written_is_finished_by_the_next() {
    way_back_dies(Moment::After);
}

#[test]
fn a_way_back_that_dies_before_it_is_answered_is_finished_by_the_next() {
    way_back_dies(Moment::Unanswered);
}

/// The same with a process that is killed, twice: its lock goes with it, and what it wrote is on disk.
#[test]
fn a_killed_process_leaves_nothing_that_the_next_cannot_finish() {
    let project = TestProject::new(clouds::Cloud::Embedded);
    project.write("main.infra", &in_region(FIRST));
    let _ = project.apply(&[]);
    project.write("main.infra", &in_region(SECOND));
    for lines in [3, 8] {
        let mut process = project.start(&["apply", "--yes"]);
        wait_for_journal(&project, ".infra/local/infra.state.journal", lines);
        process.kill().expect("killed");
        let ended = process.wait().expect("ended");
        assert_eq!(ended.code(), None, "it had not come to its end");
    }
    let _ = project.apply(&[]);
    project.expect_no_changes(&[]);
    let cloud = LocalAws::restore(&project.read(".infra/local/cloud.json")).expect("a cloud");
    let now = cloud.now().expect("it was used");
    assert_eq!(cloud.with_model("123456789012", REGION, now, census), SWAPPED);
}

/// What a keyboard, a build server that cancels a job and a terminal that closes send: running steps finish, no new one
/// starts, nothing is lost. What ends a process at once loses nothing either.
#[test]
fn whatever_signal_ends_an_apply_it_goes_on_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = clouds::served(folder.path(), &["--profile", "fast"]);
    for (signal, code) in [("INT", Some(1)), ("TERM", Some(1)), ("HUP", Some(1)), ("QUIT", None)] {
        let project = TestProject::at(&server.url);
        project.write("main.infra", &in_region(FIRST).replace("\"cfg\"", &format!("\"cfg-{signal}\"")));
        let mut process = project.start(&["apply", "--yes"]);
        wait_for_journal(&project, "infra.state.journal", 3);
        let process_id = process.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", signal, &process_id]).status();
        assert!(sent.expect("kill").success());
        assert_eq!(process.wait().expect("ended").code(), code, "{signal}");
        let _ = project.apply(&[]);
        project.expect_no_changes(&[]);
    }
}

/// Waits until the journal of a running apply has so many lines.
fn wait_for_journal(project: &TestProject, path: &str, lines: usize) {
    let path = project.path().join(path);
    let begun = Instant::now();
    while std::fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < lines {
        assert!(begun.elapsed() < Duration::from_secs(60), "the journal never had {lines} lines");
        std::thread::sleep(Duration::from_millis(1));
    }
}
