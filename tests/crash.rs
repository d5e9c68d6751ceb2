//! An apply that dies at any moment is finished by the next one: nothing is made twice, nothing is left behind, and
//! through a swap nobody notices.

use std::time::{Duration, Instant};

use infra_engine::store::MemoryStore;
use infra_lang::desired::Desired;
use infra_local_aws::LocalAws;
use infra_local_aws::model::Model;
use infra_local_aws::model::ec2::InstanceState;
use infra_local_aws::timing::TimeModel;

use crate::support::capacity::Watcher;
use crate::support::clouds;
use crate::support::dying::{Dying, Moment};
use crate::support::in_process::{Cloud, REGION, applied, copied, desired, planned, runtime};
use crate::support::project::TestProject;

const FIRST: &str = include_str!("kinds/configuration_group/first.infra");
const SECOND: &str = include_str!("kinds/configuration_group/second.infra");

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

    /// Applies, and dies at a write; then applies again, which has to finish it. Gives whether it came to that write.
    async fn interrupted(&self, wanted: &Desired, at: usize, moment: Moment) -> bool {
        let cloud = self.snapshot.as_deref().map_or_else(|| Cloud::new(TimeModel::fast()), Cloud::restore);
        let store = copied(&self.store).await;
        let watcher = self.snapshot.is_some().then(|| Watcher::new(&cloud));
        let look = || watcher.as_ref().map(Watcher::at_requests);
        let dying = Dying::new(&store, at, moment);
        let died = {
            let provider = cloud.provider(Some(dying.at_requests(look()))).await;
            tokio::select! {
                biased;
                () = dying.died.cancelled() => true,
                report = applied(wanted, &dying, &provider) => {
                    assert!(report.is_success(), "{:?}", report.failed);
                    false
                }
            }
        };
        let place = format!("{moment:?}, write {at}");
        let provider = cloud.provider(look()).await;
        if died {
            let report = applied(wanted, &store, &provider).await;
            assert!(report.is_success(), "{place}: {:?}", report.failed);
        }
        let plan = planned(wanted, &store, &provider).await;
        assert!(plan.is_empty(), "{place}: {:?}", plan.changes);
        let expected = if self.snapshot.is_some() { SWAPPED } else { MADE };
        assert_eq!(cloud.model(census), expected, "{place}");
        if let Some(watcher) = watcher {
            watcher.with(|seen| assert_eq!(seen.wrong, [""; 0], "{place}"));
        }
        died
    }
}

/// Dies at every write in turn.
fn interrupted_everywhere(start: &Start, wanted: &Desired, moment: Moment) {
    let run = |at| runtime().block_on(start.interrupted(wanted, at, moment));
    let writes = (1..).find(|at| !run(*at)).expect("it comes to an end") - 1;
    assert!(writes >= 5, "{writes}");
}

#[test]
fn a_first_apply_that_dies_is_finished_by_the_next() {
    let wanted = desired(&in_region(FIRST));
    for moment in [Moment::During, Moment::After, Moment::Unanswered] {
        interrupted_everywhere(&Start::empty(), &wanted, moment);
    }
}

#[test]
fn a_swap_that_dies_while_it_writes_is_finished_by_the_next() {
    let start = Start::applied(&desired(&in_region(FIRST)));
    interrupted_everywhere(&start, &desired(&in_region(SECOND)), Moment::During);
}

#[test]
fn a_swap_that_dies_when_it_has_written_is_finished_by_the_next() {
    let start = Start::applied(&desired(&in_region(FIRST)));
    interrupted_everywhere(&start, &desired(&in_region(SECOND)), Moment::After);
}

#[test]
fn a_swap_that_dies_before_it_is_answered_is_finished_by_the_next() {
    let start = Start::applied(&desired(&in_region(FIRST)));
    interrupted_everywhere(&start, &desired(&in_region(SECOND)), Moment::Unanswered);
}

/// The same with a process that is killed, twice: its lock goes with it, and what it wrote is on disk.
#[test]
fn a_killed_process_leaves_nothing_that_the_next_cannot_finish() {
    let project = TestProject::new(clouds::Cloud::Embedded);
    project.write("main.infra", &in_region(FIRST));
    let _ = project.apply(&[]);
    project.write("main.infra", &in_region(SECOND));
    for lines in [8, 20] {
        let mut process = project.start(&["apply", "--yes"]);
        wait_for_journal(&project, lines);
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

/// Waits until the journal of a running apply has so many lines.
fn wait_for_journal(project: &TestProject, lines: usize) {
    let path = project.path().join(".infra/local/infra.state.journal");
    let begun = Instant::now();
    while std::fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < lines {
        assert!(begun.elapsed() < Duration::from_secs(60), "the journal never had {lines} lines");
        std::thread::sleep(Duration::from_millis(1));
    }
}
