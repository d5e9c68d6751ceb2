//! What a command says when it cannot go on: the place, the reason and the next step.

use std::fmt;
use std::io;
use std::path::Path;

use infra_engine::apply::ApplyError;
use infra_engine::assertion::Broken;
use infra_engine::plan::{PlanError, Problem};
use infra_engine::plan_file::PlanFileError;
use infra_engine::provider::{FailureClass, ProviderError};
use infra_engine::rebuild::RebuildError;
use infra_engine::refresh::RefreshError;
use infra_engine::seal::UnsealError;
use infra_engine::store::{LoadError, StoreError};
use infra_lang::diagnostic::Diagnostic;
use infra_lang::span::SourceMap;

/// Why a command stopped.
pub enum CommandError {
    /// The configuration is wrong; the sources are needed to show where.
    Diagnostics(Vec<Diagnostic>, Box<SourceMap>),
    /// Anything else; at least one.
    Complaints(Vec<Complaint>),
}

/// One problem outside the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// One sentence.
    pub message: String,
    /// Where: a file, an address, `path:line`.
    pub place: Option<String>,
    /// The next step.
    pub hint: Option<String>,
}

/// What commands give.
pub type CommandResult<T> = Result<T, CommandError>;

impl Complaint {
    /// A problem in one sentence.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), place: None, hint: None }
    }

    /// Adds where it is.
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// Adds the next step.
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl From<Complaint> for CommandError {
    fn from(complaint: Complaint) -> Self {
        Self::Complaints(vec![complaint])
    }
}

impl From<&Broken> for Complaint {
    fn from(broken: &Broken) -> Self {
        Self::new(format!("{}: {}", broken.subject, broken.message)).at(&broken.location)
    }
}

/// What the system said about a file.
pub fn file_error(what: &str, path: &Path, error: &io::Error) -> Complaint {
    let hint = no_room(error).map(str::to_owned);
    Complaint { hint, ..Complaint::new(format!("{what}: {error}")).at(path.display()) }
}

/// The next step, if there was no room for a file.
pub fn no_room(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull).then_some(
        "make room for it, and run the same command again: what is done already is not done a second time",
    )
}

/// What AWS, or the way to it, said.
pub fn provider_complaint(error: &ProviderError) -> Complaint {
    let code = error.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    let request = error.request_id.as_deref().map(|id| format!(", request {id}")).unwrap_or_default();
    let usual = match error.class {
        FailureClass::Credentials => {
            Some("see `aws configure`, or set AWS_PROFILE; `--local` needs no credentials")
        }
        FailureClass::Unreachable => Some("check the network, the region and AWS_ENDPOINT_URL"),
        FailureClass::Transient => Some("run the same command again"),
        FailureClass::Permanent | FailureClass::NotFound => None,
    };
    let complaint = Complaint::new(format!("{}: {}{code}{request}", error.operation, error.message));
    Complaint { hint: error.hint.clone().or(usual.map(str::to_owned)), ..complaint }
}

impl From<ProviderError> for CommandError {
    fn from(error: ProviderError) -> Self {
        provider_complaint(&error).into()
    }
}

impl From<RefreshError> for CommandError {
    fn from(error: RefreshError) -> Self {
        provider_complaint(&error.source).at(&error.address).into()
    }
}

impl From<RebuildError> for CommandError {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::Find(error) => error.into(),
            RebuildError::Read(error) => error.into(),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Complaint { hint: error.hint, ..Complaint::new(error.message) }.into()
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        unreadable(&error).into()
    }
}

/// Why a state or a journal cannot be read, and what to do about it.
pub fn unreadable(error: &LoadError) -> Complaint {
    use infra_engine::journal_file::JournalFileError as Journal;
    use infra_engine::state_file::StateFileError as State;
    let hint = match error {
        LoadError::Store(error) => {
            return Complaint { hint: error.hint.clone(), ..Complaint::new(&error.message) };
        }
        LoadError::State(State::Empty | State::Damaged(_)) => Some(
            "`infra state repair` shows what can be restored from the backup; a state that was edited on purpose is \
             taken by `infra state push`, without its line `digest`",
        ),
        LoadError::Journal(Journal::Damaged { .. }) => Some(
            "`infra state repair` keeps what stands before it; the next apply then looks at all that may have come after",
        ),
        LoadError::State(State::NotAState) => Some("look whether `backend` names the right place"),
        LoadError::State(State::Unknown(_)) | LoadError::Journal(Journal::Unknown(_)) => None,
    };
    Complaint { hint: hint.map(str::to_owned), ..Complaint::new(error) }
}

impl From<PlanFileError> for CommandError {
    fn from(error: PlanFileError) -> Self {
        Complaint::new(&error).into()
    }
}

impl From<UnsealError> for CommandError {
    fn from(error: UnsealError) -> Self {
        Complaint::new(&error).hint("give the secret that the plan was made with").into()
    }
}

impl From<ApplyError> for CommandError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Stale { .. } | ApplyError::OtherState => {
                Complaint::new(&error).hint("make a new plan").into()
            }
            ApplyError::Store(error) => error.into(),
            ApplyError::Load(error) => error.into(),
            ApplyError::Interrupted(ref cause) => {
                let hint = provider_complaint(cause).hint;
                Complaint { hint, ..Complaint::new(&error) }.into()
            }
            other => Complaint::new(&other).into(),
        }
    }
}

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        Self::Complaints(error.problems.into_iter().map(problem).collect())
    }
}

fn problem(problem: Problem) -> Complaint {
    let subject = match (&problem.address, &problem.attribute) {
        (Some(address), Some(attribute)) => Some(format!("{address}.{attribute}")),
        (Some(address), None) => Some(address.to_string()),
        (None, _) => None,
    };
    let place = match (problem.location, subject) {
        (Some(location), Some(subject)) => Some(format!("{location}, {subject}")),
        (location, subject) => location.or(subject),
    };
    Complaint { message: problem.message, place, hint: problem.hint }
}
