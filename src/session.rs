//! What plan, apply and destroy share: from the files to a plan.

use std::collections::BTreeMap;

use infra_aws::AwsProvider;
use infra_engine::discreet::Discreet;
use infra_engine::journal::Journal;
use infra_engine::plan::{self, Plan, PlanInput};
use infra_engine::provider::Provider;
use infra_engine::redact::Redactor;
use infra_engine::refresh::refresh;
use infra_engine::rollback::{self, NoReturn};
use infra_engine::seal::{self, SealKey};
use infra_engine::state::State;
use infra_lang::address::Address;
use infra_lang::desired::{Desired, Lookup};
use infra_lang::residual::{Residual, Values};

use crate::args::VariableArgs;
use crate::cloud::{self, Gateway};
use crate::error::{CommandResult, Complaint, provider_complaint};
use crate::project::Project;
use crate::settings::Settings;
use crate::store::{self, Access, Place, Store, remembered};

/// A project that has been read, before anything is asked.
struct Opened {
    project: Project,
    /// What it wants, as far as that is known before AWS is asked.
    first: Desired,
    place: Place,
}

impl Opened {
    fn new(settings: &Settings, given: &VariableArgs) -> CommandResult<Self> {
        let project = Project::load(settings, given, &infra_aws::schemas())?;
        let first = project.evaluate(BTreeMap::new(), None)?;
        let place = Place::of(&first.project, settings);
        Ok(Self { project, first, place })
    }

    async fn connect(
        self,
        gateway: &Gateway<'_>,
        store: Store,
        found: Option<State>,
        unfinished: Option<Journal>,
    ) -> CommandResult<Session> {
        let Self { project, first, place } = self;
        let (name, region) = (first.project.name.to_string(), &first.project.region);
        let redactor = Redactor::of(&seal::secrets_in(&first));
        let provider = cloud::connect(gateway, &name, region, &project.files, &redactor).await?;
        let account = provider.account().await?;
        let is_new = found.is_none();
        let state = found.map_or_else(|| new_state(&first, &account), Ok)?;
        project.check_home(&first.project, &state, &account)?;
        let desired = desire(&project, &Discreet::new(&provider, &redactor), &account).await?;
        let redactor = Redactor::of(&seal::secrets_in(&desired));
        Ok(Session { project, desired, redactor, place, store, state, is_new, unfinished, provider })
    }
}

/// A project with the state it had and the AWS it lives in.
pub struct Session {
    /// The project as written.
    pub project: Project,
    /// What it wants.
    pub desired: Desired,
    /// Knows the secrets in it, which nobody may be told.
    pub redactor: Redactor,
    /// Where its state is.
    pub place: Place,
    /// Its state, open.
    pub store: Store,
    /// Its state; a new one if there was none.
    pub state: State,
    /// Whether there was none.
    pub is_new: bool,
    /// An apply that was interrupted.
    pub unfinished: Option<Journal>,
    /// AWS.
    pub provider: AwsProvider,
}

impl Session {
    /// Reads the project, opens its state and connects to AWS.
    ///
    /// # Errors
    /// The configuration is wrong, the state is locked, damaged or of another account or region, or AWS says no.
    pub async fn open(settings: &Settings, given: &VariableArgs, access: Access) -> CommandResult<Self> {
        let (gateway, opened) = (Gateway::new(settings), Opened::new(settings, given)?);
        let store = opened.place.open_through(access, &gateway).await?;
        let found = store::state(&*store, &opened.place).await?;
        if found.is_none() {
            remembered::check(&opened.place, &gateway, &opened.first.project.region).await?;
        }
        if matches!(access, Access::Write(_)) {
            remembered::remember(&opened.place, settings)?;
        }
        let unfinished = store::journal(&*store, &opened.place).await?;
        opened.connect(&gateway, store, found, unfinished).await
    }

    /// The same with a new state, whatever is there: nothing of it is read.
    ///
    /// # Errors
    /// The configuration is wrong, the state is locked, or AWS says no.
    pub async fn anew(settings: &Settings, given: &VariableArgs, access: Access) -> CommandResult<Self> {
        let (gateway, opened) = (Gateway::new(settings), Opened::new(settings, given)?);
        let store = opened.place.open_through(access, &gateway).await?;
        opened.connect(&gateway, store, None, None).await
    }

    /// AWS, telling no secrets.
    pub fn discreet(&self) -> Discreet<'_> {
        Discreet::new(&self.provider, &self.redactor)
    }

    /// Looks at AWS and plans the return of a group to how it was launched before its last swap.
    ///
    /// # Errors
    /// There is nothing to return to, or AWS cannot be read.
    pub async fn plan_return(&self, address: &Address) -> CommandResult<Plan> {
        let kind = infra_aws::kind(&address.kind);
        let kind = kind.ok_or_else(|| nowhere(&NoReturn::NotSwapped(address.clone())))?;
        let back = rollback::returning(&self.desired, &self.state, kind, address);
        let back = back.map_err(|reason| nowhere(&reason))?;
        let observed = refresh(&back.desired, &self.state, &self.discreet()).await?;
        let input = PlanInput {
            desired: &back.desired,
            state: &self.state,
            observed: &observed,
            provider: &self.provider,
            location: &|span| self.project.location(span),
        };
        Ok(plan::plan_only(&input, &back.scope)?)
    }

    /// Looks at AWS and plans.
    ///
    /// # Errors
    /// AWS cannot be read, or what is wanted cannot be done.
    pub async fn plan(&self, destroy: bool) -> CommandResult<Plan> {
        let observed = refresh(&self.desired, &self.state, &self.discreet()).await?;
        let input = PlanInput {
            desired: &self.desired,
            state: &self.state,
            observed: &observed,
            provider: &self.provider,
            location: &|span| self.project.location(span),
        };
        let planned = if destroy { plan::destroy(&input) } else { plan::plan(&input) };
        Ok(planned?)
    }
}

/// Why there is nothing to return to, and what to do instead.
fn nowhere(reason: &NoReturn) -> Complaint {
    let hint = match reason {
        NoReturn::Unknown(_) => "`infra state list` shows what there is",
        NoReturn::NotSwapped(_) => "change the configuration back, and apply that",
        NoReturn::NoPrevious(_) => "write the image or the launch settings of before, and apply that",
    };
    Complaint::new(reason.to_string()).hint(hint)
}

fn new_state(desired: &Desired, account: &str) -> CommandResult<State> {
    let (mut lineage, mut key) = ([0; 16], [0; 32]);
    let random = getrandom::fill(&mut lineage).and_then(|()| getrandom::fill(&mut key));
    random.map_err(|error| Complaint::new(format!("the system gives no random bytes: {error}")))?;
    let project = &desired.project;
    Ok(State::new(
        hex::encode(lineage),
        SealKey(key),
        project.name.to_string(),
        account.to_owned(),
        project.region.clone(),
    ))
}

/// Evaluates, asks AWS what `data` blocks want to know, and evaluates again, until there is nothing more to ask.
async fn desire(project: &Project, provider: &dyn Provider, account: &str) -> CommandResult<Desired> {
    let mut answers = BTreeMap::new();
    loop {
        let desired = project.evaluate(answers.clone(), Some(account))?;
        // What comes after other objects may be asked only once it is known whether they change.
        let askable = |lookup: &&Lookup| lookup.answer.is_none() && lookup.depends_on.is_empty();
        let open = desired.lookups.values().filter(askable);
        let ready: Vec<(&Lookup, Values)> =
            open.filter_map(|lookup| Some((lookup, known(lookup)?))).collect();
        if ready.is_empty() {
            return Ok(desired);
        }
        for (lookup, arguments) in ready {
            let answer = provider.lookup(lookup, &arguments).await;
            let place = format!("{}, {}", project.location(lookup.span), lookup.address);
            answers.insert(
                lookup.address.clone(),
                answer.map_err(|error| provider_complaint(&error).at(place))?,
            );
        }
    }
}

/// The arguments of a lookup, if all are known.
fn known(lookup: &Lookup) -> Option<Values> {
    let all = lookup.arguments.iter().map(|(name, argument)| match argument {
        Residual::Known(value) => Some((name.clone(), value.clone())),
        _ => None,
    });
    all.collect()
}
