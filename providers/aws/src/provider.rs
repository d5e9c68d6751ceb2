//! AWS as the engine's provider: finds the kind, and hands over.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::future::join_all;
use infra_engine::id::RemoteId;
use infra_engine::provider::{
    Kind, Observation, Progress, Provider, ProviderError, ReadRequest, Tagged, Task, Verdict,
};
use infra_engine::steps::Operation;
use infra_lang::address::Address;
use infra_lang::desired::Lookup;
use infra_lang::name::KindName;
use infra_lang::residual::Values;
use infra_lang::schema::{KindSchema, SchemaSet};

use crate::client::{Aws, Options};
use crate::codec::with_empties;
use crate::error::permanent;
use crate::kind::AwsKind;
use crate::kinds::KINDS;
use crate::tagged;
use crate::tags::address_tag;

/// The kinds, and the account and region behind them.
pub struct AwsProvider {
    aws: Aws,
    schemas: SchemaSet,
}

/// What the blocks of every kind may hold; needs neither credentials nor a network.
pub fn schemas() -> SchemaSet {
    SchemaSet::new(KINDS.iter().map(|kind| KindSchema::clone(kind.schema())))
}

/// The pure half of a kind; needs neither credentials nor a network.
pub fn kind(name: &KindName) -> Option<&'static dyn Kind> {
    find(name).ok().map(|kind| kind as &dyn Kind)
}

impl AwsProvider {
    /// Finds credentials and region; calls nothing yet.
    ///
    /// # Errors
    /// Permanent if no region is known.
    pub async fn new(options: Options) -> Result<Self, ProviderError> {
        Ok(Self { aws: Aws::new(options).await?, schemas: schemas() })
    }

    /// The clients, and the count of their calls.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }
}

fn find(name: &KindName) -> Result<&'static dyn AwsKind, ProviderError> {
    let found = KINDS.iter().find(|kind| kind.schema().name == *name).copied();
    found.ok_or_else(|| permanent("finding the kind", format!("there is no kind `{name}` in this version")))
}

#[async_trait]
impl Provider for AwsProvider {
    fn schemas(&self) -> &SchemaSet {
        &self.schemas
    }

    fn kind(&self, name: &KindName) -> Option<&dyn Kind> {
        kind(name)
    }

    async fn account(&self) -> Result<String, ProviderError> {
        self.aws.account().await.map(str::to_owned)
    }

    async fn read(&self, requests: &[ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        let mut by_kind: BTreeMap<&KindName, Vec<usize>> = BTreeMap::new();
        for (position, request) in requests.iter().enumerate() {
            by_kind.entry(&request.kind).or_default().push(position);
        }
        let groups = by_kind.into_iter().map(|(name, positions)| async move {
            let of_kind: Vec<&ReadRequest> = positions.iter().map(|position| &requests[*position]).collect();
            let answers = match find(name) {
                Ok(kind) => kind.read(&self.aws, &of_kind).await,
                Err(error) => of_kind.iter().map(|_| Err(error.clone())).collect(),
            };
            positions.into_iter().zip(answers).collect::<Vec<_>>()
        });
        let answers: BTreeMap<usize, _> = join_all(groups).await.into_iter().flatten().collect();
        requests
            .iter()
            .enumerate()
            .map(|(position, request)| completed(answers.get(&position), request))
            .collect()
    }

    async fn lookup(&self, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        find(&lookup.kind)?.lookup(&self.aws, lookup, arguments).await
    }

    async fn advance(&self, task: &Task) -> Result<Progress, ProviderError> {
        find(&task.kind)?.advance(&self.aws, task).await
    }

    async fn judge(
        &self,
        guard: &Operation,
        arguments: &Values,
        task: &Task,
    ) -> Result<Verdict, ProviderError> {
        find(&task.kind)?.judge(&self.aws, guard, arguments, task).await
    }

    async fn tagged(&self) -> Result<Vec<Tagged>, ProviderError> {
        tagged::all(&self.aws).await
    }

    async fn named(&self, kind: &KindName, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        find(kind)?.named(&self.aws, wanted).await
    }

    fn tag_of(&self, address: &Address) -> String {
        address_tag(address)
    }

    fn address_of(&self, tag: &str) -> Option<Address> {
        tagged::address_of(tag)
    }
}

/// A kind's answer with the empty collections that AWS does not tell from none.
fn completed(
    answer: Option<&Result<Observation, ProviderError>>,
    request: &ReadRequest,
) -> Result<Observation, ProviderError> {
    match answer.cloned() {
        Some(Ok(Observation::Present { id, values })) => {
            Ok(Observation::Present { id, values: with_empties(values, &request.applied) })
        }
        Some(answer) => answer,
        None => Err(permanent("reading", format!("`{}` was not answered", request.address))),
    }
}
