//! The life of a project in which somebody lies: it is made, changed and destroyed; what that took, and what stood
//! after each stage.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use infra_aws::AwsProvider;
use infra_engine::apply::{Apply, ApplyReport, Limits, Stop, apply};
use infra_engine::event::Silent;
use infra_engine::journal::JournalEvent;
use infra_engine::plan::{Plan, PlanInput, plan};
use infra_engine::refresh::refresh;
use infra_engine::state::State;
use infra_engine::store::{MemoryStore, StateStore, load_journal, load_state};
use infra_lang::desired::Desired;
use infra_local_aws::fault::Fault;
use infra_local_aws::service::Access;
use infra_local_aws::timing::TimeModel;
use infra_local_aws::{Calls, LocalAws, Options};

use super::census::census;
use super::full::Full;
use crate::support::in_process::{Cloud, REGION, copied, desired, fresh, planned, runtime};

/// The projects: every kind is in one of them.
pub const CASES: [&str; 8] =
    ["network", "dns", "balancer", "configuration_group", "template_group", "image", "machine", "scaling"];

/// What is done to a project, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// All of it is made.
    Create,
    /// It is changed: updates, replacements, swaps.
    Change,
    /// It is destroyed.
    Destroy,
}

/// All of them.
pub const STAGES: [Stage; 3] = [Stage::Create, Stage::Change, Stage::Destroy];

/// Writes by operation, such as `ec2:CreateVpc`.
pub type Writes = BTreeMap<String, u64>;

/// What one stage took and left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// What runs said that did not bring it about; the one after them did.
    pub said: Vec<String>,
    /// The writes that AWS carried out.
    pub writes: Writes,
    /// How many there are of everything after it.
    pub census: String,
}

fn text(case: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds").join(case).join(name);
    fs::read_to_string(path).expect(case).replace("REGION", REGION)
}

/// What a stage of a case wants.
pub fn wanted(case: &str, stage: Stage) -> Desired {
    desired(&match stage {
        Stage::Create => text(case, "first.infra"),
        Stage::Change => text(case, "second.infra"),
        Stage::Destroy => format!("project \"{case}\" {{ region = \"{REGION}\" }}"),
    })
}

/// Where a case stands before a stage: the cloud's snapshot, and what is stored.
pub struct Start {
    /// The case.
    pub case: &'static str,
    /// The stage.
    pub stage: Stage,
    snapshot: String,
    store: MemoryStore,
}

/// A case in which nobody lies: where each stage starts, and what it takes.
pub fn undisturbed(case: &'static str) -> Vec<(Start, Past)> {
    let cloud = LocalAws::new(Options { seed: 1, timing: TimeModel::fast() });
    let mut next = (cloud.snapshot(), MemoryStore::default());
    let mut lived = Vec::new();
    for stage in STAGES {
        let start = Start { case, stage, snapshot: next.0, store: next.1 };
        let (past, after) = start.lived(&[]);
        next = after;
        lived.push((start, past));
    }
    lived
}

/// The most runs that any lie may cost.
const MOST_RUNS: usize = 12;

impl Start {
    /// Lives through the stage among lies.
    ///
    /// # Panics
    /// It does not come to its end, or a plan of what it has come to is not empty.
    pub fn among(&self, lies: &[String]) -> Past {
        self.lived(lies).0
    }

    /// The same, with where it has led.
    fn lived(&self, lies: &[String]) -> (Past, (String, MemoryStore)) {
        runtime().block_on(async {
            let (cloud, store) = (self.cloud(lies), copied(&self.store).await);
            let past = self.finished(&cloud, &store, &format!("{lies:?}")).await;
            (past, (cloud.aws.snapshot(), store))
        })
    }

    fn cloud(&self, lies: &[String]) -> Cloud {
        let cloud = Cloud::restore(&self.snapshot);
        lies.iter().for_each(|text| cloud.aws.inject(cloud.now(), fault(text)));
        cloud
    }

    /// One run among lies, or on a disk that is full from its write number `full` on; then all is well again, and
    /// somebody runs it until it is done.
    pub fn interrupted(&self, lies: &[String], full: usize) -> Interrupted {
        runtime().block_on(async {
            let (cloud, kept) = (self.cloud(lies), copied(&self.store).await);
            let store = Full::new(&kept, full);
            let said = attempt(&wanted(self.case, self.stage), &store, &cloud.provider(None).await).await;
            cloud.aws.clear_faults();
            let has_journal = load_journal(&kept).await.expect("a journal").is_some();
            let past = self.finished(&cloud, &kept, &format!("{lies:?}, full at {full}")).await;
            Interrupted { said: said.map(|report| report.is_success()), has_journal, past }
        })
    }

    async fn finished(&self, cloud: &Cloud, store: &MemoryStore, told: &str) -> Past {
        let told = format!("{}, {:?}, {told}", self.case, self.stage);
        let wanted = wanted(self.case, self.stage);
        let said = brought_about(&wanted, store, cloud, &told).await;
        cloud.aws.clear_faults();
        let writes = writes(&cloud.aws.done());
        // What goes takes its time.
        tokio::time::sleep(Duration::from_secs(120)).await;
        let again = planned(&wanted, store, &cloud.provider(None).await).await;
        assert!(again.is_empty(), "{told}: {:?}", again.changes);
        Past { said, writes, census: cloud.model(census) }
    }
}

/// What came of a run that was interrupted, and of those after it.
pub struct Interrupted {
    /// Whether all was done, or why it could not go on.
    pub said: Result<bool, String>,
    /// Whether it has left a journal.
    pub has_journal: bool,
    /// What it took in the end; the runs are those after it.
    pub past: Past,
}

/// A fault from its text.
pub fn fault(text: &str) -> Fault {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Says `infra apply` until all is done, each time as a new process; gives what those said that did not do it.
async fn brought_about(wanted: &Desired, store: &MemoryStore, cloud: &Cloud, told: &str) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..MOST_RUNS {
        match attempt(wanted, store, &cloud.provider(None).await).await {
            Ok(report) if report.is_success() => return said,
            Ok(report) => said.push(format!("{:?}", report.failed)),
            Err(why) => said.push(why),
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    panic!("{told}: not done after {MOST_RUNS} runs: {said:#?}")
}

/// What one `infra apply` does, with the reason if it cannot come to any end.
pub async fn attempt(
    wanted: &Desired,
    store: &dyn StateStore,
    provider: &AwsProvider,
) -> Result<ApplyReport, String> {
    if let Some(journal) = load_journal(store).await.map_err(|error| error.to_string())? {
        let report = carried_out(&journal.plan, journal.events, store, provider).await?;
        if !report.is_success() {
            return Ok(report);
        }
    }
    let state = state_in(store).await?;
    let observed = refresh(wanted, &state, provider).await;
    let observed = observed.map_err(|error| format!("{error}: {}", error.source))?;
    let location = |_| "main.infra".to_owned();
    let input =
        PlanInput { desired: wanted, state: &state, observed: &observed, provider, location: &location };
    let plan = plan(&input).map_err(|error| format!("{error:?}"))?;
    carried_out(&plan, Vec::new(), store, provider).await
}

async fn state_in(store: &dyn StateStore) -> Result<State, String> {
    let state = load_state(store).await.map_err(|error| error.to_string())?;
    Ok(state.unwrap_or_else(fresh))
}

async fn carried_out(
    plan: &Plan,
    events: Vec<JournalEvent>,
    store: &dyn StateStore,
    provider: &AwsProvider,
) -> Result<ApplyReport, String> {
    let report = apply(Apply {
        plan,
        events,
        state: state_in(store).await?,
        ephemeral: Default::default(),
        provider,
        store,
        watch: &Silent,
        limits: Limits::default(),
        stop: Stop::default(),
    });
    report.await.map_err(|error| error.to_string())
}

/// The writes among calls.
pub fn writes(calls: &Calls) -> Writes {
    let writes = calls.iter().filter(|((_, _, access), _)| *access == Access::Write);
    writes.map(|((service, action, _), count)| (format!("{service}:{action}"), *count)).collect()
}
