//! A provider that tells no secrets: what a cloud answers may quote what it was asked.

use async_trait::async_trait;
use infra_lang::address::Address;
use infra_lang::desired::Lookup;
use infra_lang::name::KindName;
use infra_lang::residual::Values;
use infra_lang::schema::SchemaSet;

use crate::id::RemoteId;
use crate::provider::{
    Kind, Observation, Progress, Provider, ProviderError, ReadRequest, Tagged, Task, Verdict,
};
use crate::redact::Redactor;
use crate::steps::Operation;

/// Another provider, with known secrets taken out of every sentence of its own and of the cloud's.
pub struct Discreet<'a> {
    provider: &'a dyn Provider,
    redactor: &'a Redactor,
}

impl<'a> Discreet<'a> {
    /// A provider whose sentences `redactor` cleans.
    pub fn new(provider: &'a dyn Provider, redactor: &'a Redactor) -> Self {
        Self { provider, redactor }
    }

    fn error(&self, error: ProviderError) -> ProviderError {
        let message = self.redactor.clean(&error.message);
        ProviderError { message, hint: error.hint.as_deref().map(|hint| self.redactor.clean(hint)), ..error }
    }

    fn progress(&self, progress: Progress) -> Progress {
        match progress {
            Progress::Acted(what) => Progress::Acted(self.redactor.clean(&what)),
            Progress::Waiting { on, again } => Progress::Waiting { on: self.redactor.clean(&on), again },
            Progress::Stuck(why) => Progress::Stuck(self.redactor.clean(&why)),
            // Facts that later calls stand on: no sentences, and never made of what is desired.
            Progress::Note(_) | Progress::Done(_) => progress,
        }
    }
}

#[async_trait]
impl Provider for Discreet<'_> {
    fn schemas(&self) -> &SchemaSet {
        self.provider.schemas()
    }

    fn kind(&self, name: &KindName) -> Option<&dyn Kind> {
        self.provider.kind(name)
    }

    async fn account(&self) -> Result<String, ProviderError> {
        self.provider.account().await.map_err(|error| self.error(error))
    }

    async fn read(&self, requests: &[ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        let answers = self.provider.read(requests).await.into_iter();
        answers.map(|answer| answer.map_err(|error| self.error(error))).collect()
    }

    async fn lookup(&self, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        self.provider.lookup(lookup, arguments).await.map_err(|error| self.error(error))
    }

    async fn advance(&self, task: &Task) -> Result<Progress, ProviderError> {
        let progress = self.provider.advance(task).await.map_err(|error| self.error(error))?;
        Ok(self.progress(progress))
    }

    async fn judge(
        &self,
        guard: &Operation,
        arguments: &Values,
        task: &Task,
    ) -> Result<Verdict, ProviderError> {
        match self.provider.judge(guard, arguments, task).await.map_err(|error| self.error(error))? {
            Verdict::Holds => Ok(Verdict::Holds),
            Verdict::Broken(why) => Ok(Verdict::Broken(self.redactor.clean(&why))),
        }
    }

    async fn tagged(&self) -> Result<Vec<Tagged>, ProviderError> {
        self.provider.tagged().await.map_err(|error| self.error(error))
    }

    async fn named(&self, kind: &KindName, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        self.provider.named(kind, wanted).await.map_err(|error| self.error(error))
    }

    fn tag_of(&self, address: &Address) -> String {
        self.provider.tag_of(address)
    }

    fn address_of(&self, tag: &str) -> Option<Address> {
        self.provider.address_of(tag)
    }
}
