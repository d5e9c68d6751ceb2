//! A project in memory, planned and applied in this process on an embedded AWS under a virtual clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use infra_aws::transport::NoLog;
use infra_aws::transport::record::Record;
use infra_aws::{AwsProvider, Options, Wire};
use infra_engine::apply::{Apply, ApplyReport, Limits, Stop, apply};
use infra_engine::event::{Silent, Watch};
use infra_engine::inherit::inherit;
use infra_engine::plan::{Plan, PlanInput, plan};
use infra_engine::refresh::refresh;
use infra_engine::seal::SealKey;
use infra_engine::state::State;
use infra_engine::store::{MemoryStore, StateStore, load_journal, load_state};
use infra_lang::Source;
use infra_lang::desired::{Content, Desired};
use infra_lang::inputs::{FileError, Files, Inputs};
use infra_lang::span::SourceMap;
use infra_local_aws::model::{Model, Time};
use infra_local_aws::timing::TimeModel;
use infra_local_aws::{Exchange, LocalAws};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// The account of the embedded AWS.
pub const ACCOUNT: &str = "123456789012";
/// The region of all projects here; Route53 lives in it too.
pub const REGION: &str = "us-east-1";
/// When the virtual clock starts.
const START: Time = Time(1_795_000_000_000);
/// How long a call takes in the model.
const CALL: Duration = Duration::from_millis(40);

/// A runtime whose clock jumps to the next moment at which something happens.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// Called at every request, after it was answered and while it is on its way back.
pub type Look = Arc<dyn Fn(&Cloud) + Send + Sync>;

/// An embedded AWS and the clock it lives by.
#[derive(Clone)]
pub struct Cloud {
    /// The model behind its wire.
    pub aws: LocalAws,
    origin: Time,
    begun: Instant,
}

impl Cloud {
    /// An empty one. Must be made in the runtime whose clock it follows.
    pub fn new(timing: TimeModel) -> Self {
        Self::seeded(1, timing)
    }

    /// An empty one whose ids and delays are those of `seed`.
    pub fn seeded(seed: u64, timing: TimeModel) -> Self {
        Self::following(LocalAws::new(infra_local_aws::Options { seed, timing }))
    }

    /// The cloud of a snapshot, at the moment it was taken.
    pub fn restore(snapshot: &str) -> Self {
        Self::following(LocalAws::restore(snapshot).expect("a snapshot"))
    }

    fn following(aws: LocalAws) -> Self {
        let origin = aws.now().unwrap_or(START);
        Self { aws, origin, begun: Instant::now() }
    }

    /// The moment it is there.
    pub fn now(&self) -> Time {
        self.origin + self.begun.elapsed()
    }

    /// Looks at the account.
    pub fn model<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        self.aws.with_model(ACCOUNT, REGION, self.now(), look)
    }

    /// A provider that knows nothing of what another has done, as a new process has it.
    pub async fn provider(&self, look: Option<Look>) -> AwsProvider {
        let options = Options {
            project: "test".to_owned(),
            region: Some(REGION.to_owned()),
            endpoint: None,
            wire: Some(self.wire(look)),
            files: Arc::new(NoFiles),
            transports: Arc::new(Record::new(Arc::new(NoLog))),
        };
        AwsProvider::new(options).await.expect("a region is given")
    }

    fn wire(&self, look: Option<Look>) -> Wire {
        let cloud = self.clone();
        Arc::new(move |request| {
            let Exchange { answer, delay } = cloud.aws.exchange(cloud.now(), &request);
            if let Some(look) = &look {
                look(&cloud);
            }
            Box::pin(async move {
                tokio::time::sleep(CALL + delay).await;
                answer
            })
        })
    }
}

/// What a project's text wants.
pub fn desired(text: &str) -> Desired {
    let mut sources = SourceMap::default();
    let id = sources.add("main.infra", text);
    let (file, problems) = infra_lang::parse(id, text);
    assert!(problems.is_empty(), "{problems:?}");
    let source = Source { directory: String::new(), file };
    let program =
        infra_lang::check(&[source], &infra_aws::schemas()).unwrap_or_else(|errors| panic!("{errors:?}"));
    let inputs = Inputs {
        variables: BTreeMap::new(),
        files: &NoFiles,
        data: BTreeMap::new(),
        timestamp: "2026-11-21T07:00:00Z".to_owned(),
        account: Some(ACCOUNT.to_owned()),
    };
    let desired = infra_lang::evaluate(&program, &inputs).unwrap_or_else(|errors| panic!("{errors:?}"));
    inherit(desired, infra_aws::kind)
}

/// A project that has made nothing yet.
pub fn fresh() -> State {
    State::new("0".repeat(32), SealKey([7; 32]), "test", ACCOUNT, REGION)
}

/// A copy of what a store holds.
pub async fn copied(store: &MemoryStore) -> MemoryStore {
    let copy = MemoryStore::default();
    copy.set_journal(store.journal_load().await.expect("in memory"));
    if let Some(state) = store.load().await.expect("in memory") {
        copy.save(&state).await.expect("in memory");
    }
    copy
}

async fn state_in(store: &dyn StateStore) -> State {
    load_state(store).await.expect("a state").unwrap_or_else(fresh)
}

/// Plans from what the store holds.
pub async fn planned(desired: &Desired, store: &dyn StateStore, provider: &AwsProvider) -> Plan {
    let state = state_in(store).await;
    let observed =
        refresh(desired, &state, provider).await.unwrap_or_else(|error| panic!("{error}: {}", error.source));
    let input = PlanInput {
        desired,
        state: &state,
        observed: &observed,
        provider,
        location: &|_| "main.infra".to_owned(),
    };
    plan(&input).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What `infra apply` does: goes on with what was interrupted, then plans and carries that out.
pub async fn applied(desired: &Desired, store: &dyn StateStore, provider: &AwsProvider) -> ApplyReport {
    applied_watched(desired, store, provider, &Silent).await
}

/// The same while somebody watches.
pub async fn applied_watched(
    desired: &Desired,
    store: &dyn StateStore,
    provider: &AwsProvider,
    watch: &dyn Watch,
) -> ApplyReport {
    if let Some(report) = resumed(store, provider).await {
        assert!(report.is_success(), "{:?}", report.failed);
    }
    let plan = planned(desired, store, provider).await;
    carried_out(&plan, Vec::new(), store, provider, watch).await
}

/// Goes on with what was interrupted, if anything was.
pub async fn resumed(store: &dyn StateStore, provider: &AwsProvider) -> Option<ApplyReport> {
    let journal = load_journal(store).await.expect("a journal")?;
    Some(carried_out(&journal.plan, journal.events, store, provider, &Silent).await)
}

async fn carried_out(
    plan: &Plan,
    events: Vec<infra_engine::journal::JournalEvent>,
    store: &dyn StateStore,
    provider: &AwsProvider,
    watch: &dyn Watch,
) -> ApplyReport {
    let report = apply(Apply {
        plan,
        events,
        state: state_in(store).await,
        ephemeral: Default::default(),
        provider,
        store,
        watch,
        limits: Limits::default(),
        stop: Stop::default(),
    });
    report.await.unwrap_or_else(|error| panic!("{error}"))
}

/// A project without files.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::Missing)
    }

    fn content(&self, _path: &str, _ignore: &[String]) -> Result<Content, FileError> {
        Err(FileError::Missing)
    }

    fn matching(&self, _directory: &str, _pattern: &str) -> Result<Vec<String>, FileError> {
        Ok(Vec::new())
    }
}
