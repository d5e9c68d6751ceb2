//! A project in memory, planned and applied in this process on an embedded AWS under a virtual clock.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use infra_aws::transport::NoLog;
use infra_aws::transport::record::Record;
use infra_aws::{AwsProvider, Options, Wire};
use infra_engine::apply::{Apply, ApplyReport, Limits, Stop, apply};
use infra_engine::event::{Silent, Watch};
use infra_engine::inherit::inherit;
use infra_engine::plan::{Plan, PlanError, PlanInput, destroy, plan};
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
    done: Arc<Mutex<BTreeMap<String, usize>>>,
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
        Self { aws, origin, begun: Instant::now(), done: Arc::default() }
    }

    /// The moment it is there.
    pub fn now(&self) -> Time {
        self.origin + self.begun.elapsed()
    }

    /// Looks at the account.
    pub fn model<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        self.aws.with_model(ACCOUNT, REGION, self.now(), look)
    }

    /// How often each operation was carried out that may change something.
    pub fn done(&self) -> BTreeMap<String, usize> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, operation: String, answer: &io::Result<Response<Bytes>>) {
        if may_write(&operation) && answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            *self.done.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
        }
    }

    /// A provider that knows nothing of what another has done, as a new process has it.
    pub async fn provider(&self, look: Option<Look>) -> AwsProvider {
        self.provider_over(self.wire(look)).await
    }

    /// The same whose requests go another way first.
    pub async fn provider_over(&self, wire: Wire) -> AwsProvider {
        let options = Options {
            project: "test".to_owned(),
            region: Some(REGION.to_owned()),
            endpoint: None,
            wire: Some(wire),
            files: Arc::new(NoFiles),
            transports: Arc::new(Record::new(Arc::new(NoLog))),
        };
        AwsProvider::new(options).await.expect("a region is given")
    }

    /// The way to it, at the end of which somebody may look at each request.
    pub fn wire(&self, look: Option<Look>) -> Wire {
        let cloud = self.clone();
        Arc::new(move |request| {
            let Exchange { answer, delay } = cloud.aws.exchange(cloud.now(), &request);
            cloud.note(operation_of(&request), &answer);
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

/// The operation that a request asks for.
pub fn operation_of(request: &Request<Bytes>) -> String {
    operation(request.method().as_str(), request.uri().path(), request.body())
}

/// The name of the operation that a request asks for; of Route 53, whose requests have none, the method and the last words of the path.
pub fn operation(method: &str, path: &str, body: &[u8]) -> String {
    let form = String::from_utf8_lossy(body);
    let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let named = action.or_else(|| path.split_once("/operation/").map(|(_, operation)| operation));
    let words = || path.split(['/', '?']).filter(|word| word.chars().all(|c| c.is_ascii_lowercase()));
    named.map_or_else(|| format!("{method} {}", words().collect::<Vec<_>>().join("/")), str::to_owned)
}

/// Whether an operation may change something.
pub fn may_write(operation: &str) -> bool {
    // Route 53 lists the tags of several things by POST.
    let reads = ["Describe", "Get", "List", "GET ", "POST /tags/hostedzone"];
    !reads.iter().any(|reads| operation.starts_with(reads))
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

/// The state in a store; that of a project that has made nothing if there is none.
pub async fn state_in(store: &dyn StateStore) -> State {
    load_state(store).await.expect("a state").unwrap_or_else(fresh)
}

/// Plans from what the store holds.
pub async fn planned(desired: &Desired, store: &dyn StateStore, provider: &AwsProvider) -> Plan {
    decided(desired, store, provider, plan).await
}

/// Plans the end of all that the store holds.
pub async fn planned_end(desired: &Desired, store: &dyn StateStore, provider: &AwsProvider) -> Plan {
    decided(desired, store, provider, destroy).await
}

async fn decided(
    desired: &Desired,
    store: &dyn StateStore,
    provider: &AwsProvider,
    decide: fn(&PlanInput<'_>) -> Result<Plan, PlanError>,
) -> Plan {
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
    decide(&input).unwrap_or_else(|error| panic!("{error:?}"))
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

/// What `infra destroy` does.
pub async fn destroyed(desired: &Desired, store: &dyn StateStore, provider: &AwsProvider) -> ApplyReport {
    if let Some(report) = resumed(store, provider).await {
        assert!(report.is_success(), "{:?}", report.failed);
    }
    let plan = planned_end(desired, store, provider).await;
    carried_out(&plan, Vec::new(), store, provider, &Silent).await
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
