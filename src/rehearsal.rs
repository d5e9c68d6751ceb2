//! Rehearsing a plan: the very apply, with the very client code, against a copy of AWS in this process, under a clock
//! that jumps from one moment at which something happens to the next. Nothing outside the process is touched.

mod gate;
mod looks;
mod stage;
mod traffic;
mod trouble;
mod world;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use infra_aws::AwsProvider;
use infra_aws::transport::NoLog;
use infra_aws::transport::record::Record;
use infra_engine::apply::{self, Apply, ApplyError, ApplyReport, Limits, Stop};
use infra_engine::plan::Plan;
use infra_engine::provider::ProviderError;
use infra_engine::rehearse::{self, CallCount, Rehearsal};
use infra_engine::store::{MemoryStore, save_state};
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::error::{CommandResult, Complaint};
use looks::Looks;
use world::{Prompter, World};

pub use gate::{admit, tried};
pub use stage::{Stage, stage};
pub use traffic::Demand;
pub use trouble::Trouble;

/// What a rehearsal is to be like.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// All chance in it.
    pub seed: u64,
    /// What goes wrong.
    pub troubles: Vec<Trouble>,
    /// How much users ask meanwhile, if they do.
    pub demand: Option<Demand>,
}

/// How long one goes on looking after the last step: what it has set off shows only then.
const AFTERMATH: Duration = Duration::from_secs(60);

/// Rehearses a plan once.
///
/// # Errors
/// The system gives no thread.
pub fn rehearse(stage: &Stage<'_>, plan: &Plan, script: &Script) -> CommandResult<Rehearsal> {
    // A thread of its own: the command's own runtime may have a clock that runs.
    thread::scope(|scope| scope.spawn(|| play(stage, plan, script)).join()).unwrap_or_else(|_| broken_off())
}

/// A thread has panicked: no rehearsal may be missing from those that were asked for.
fn broken_off<T>() -> CommandResult<T> {
    Err(Complaint::new("the rehearsal has broken off; this is a bug").into())
}

/// Rehearses a plan with as many seeds, beginning with the script's, as many at a time as there are processors. The
/// rehearsals stand in the order of their seeds.
///
/// # Errors
/// The system gives no threads.
pub fn rehearse_often(
    stage: &Stage<'_>,
    plan: &Plan,
    script: &Script,
    runs: NonZeroUsize,
) -> CommandResult<Vec<Rehearsal>> {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(runs.get());
    let share = |worker: usize| (worker..runs.get()).step_by(workers);
    let one = |run: usize| {
        let seed = script.seed.wrapping_add(run as u64);
        rehearse(stage, plan, &Script { seed, ..script.clone() }).map(|rehearsal| (run, rehearsal))
    };
    let played: CommandResult<Vec<(usize, Rehearsal)>> = thread::scope(|scope| {
        let handles: Vec<_> =
            (0..workers).map(|worker| scope.spawn(move || share(worker).map(one).collect())).collect();
        let shares = handles.into_iter().map(|handle| handle.join().unwrap_or_else(|_| broken_off()));
        shares.collect::<CommandResult<Vec<Vec<_>>>>().map(|shares| shares.into_iter().flatten().collect())
    });
    let mut played = played?;
    played.sort_by_key(|(run, _)| *run);
    Ok(played.into_iter().map(|(_, rehearsal)| rehearsal).collect())
}

fn play(stage: &Stage<'_>, plan: &Plan, script: &Script) -> CommandResult<Rehearsal> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| Complaint::new(format!("no runtime can be had: {error}")))?;
    runtime.block_on(perform(stage, plan, script))
}

async fn perform(stage: &Stage<'_>, plan: &Plan, script: &Script) -> CommandResult<Rehearsal> {
    let world = World::new(stage, script.seed);
    let prompter = Prompter::new(&world, plan, &script.troubles);
    let watched = infra_aws::watched(plan);
    let looks = Looks::begin(&world, &watched);
    script.demand.iter().for_each(|demand| traffic::start(&world, &watched, *demand));
    let provider = provider(stage, &world, &prompter, &looks).await?;
    let begun = Instant::now();
    let report = tokio::select! {
        report = carry_out(stage, plan, &provider, &prompter) => report?,
        () = looks.every_second(&world) => return Err(Complaint::new("the rehearsal has no end").into()),
    };
    let took = begun.elapsed();
    let _ = tokio::time::timeout(AFTERMATH, looks.every_second(&world)).await;
    let (ending, failures) = rehearse::ending(&report);
    let steps = rehearse::spans(&prompter.events());
    let calls = provider.aws().calls();
    Ok(Rehearsal {
        seed: script.seed,
        ending,
        failures,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        groups: looks.timelines(&watched, &steps, &plan.steps),
        traffic: traffic::told(world.reports(), world.origin(), &steps),
        steps,
        calls: CallCount { reads: calls.reads, writes: calls.writes },
        assumptions: stage.assumptions.clone(),
    })
}

async fn provider(
    stage: &Stage<'_>,
    world: &World,
    prompter: &Prompter,
    looks: &Looks,
) -> Result<AwsProvider, ProviderError> {
    let options = infra_aws::Options {
        project: stage.project.clone(),
        region: Some(stage.region.clone()),
        endpoint: None,
        wire: Some(world.wire(prompter.clone(), looks.clone())),
        files: Arc::new(stage.files.clone()),
        // Images are not built: that they could be is not what a rehearsal is about, only how long they take.
        transports: Arc::new(Record::new(Arc::new(NoLog))),
    };
    AwsProvider::new(options).await
}

/// What `infra apply` does, with a state and a journal that are gone afterwards.
async fn carry_out(
    stage: &Stage<'_>,
    plan: &Plan,
    provider: &AwsProvider,
    prompter: &Prompter,
) -> CommandResult<Result<ApplyReport, ApplyError>> {
    let store = MemoryStore::default();
    save_state(&store, stage.state).await?;
    let apply = Apply {
        plan,
        events: Vec::new(),
        state: stage.state.clone(),
        ephemeral: stage.ephemeral.clone(),
        provider,
        store: &store,
        watch: prompter,
        limits: Limits { parallelism: stage.parallelism },
        stop: Stop::default(),
    };
    Ok(apply::apply(apply).await)
}
