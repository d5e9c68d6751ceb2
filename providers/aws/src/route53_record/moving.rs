//! Carrying out the steps by which a record leads users elsewhere: looking, deciding by [`shift`](super::shift), and
//! sending at most one batch.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};
use infra_engine::provider::{Progress, ProviderError, Task};
use infra_engine::steps::Operation;
use serde::{Deserialize, Serialize};

use super::advance::{finished, leads, refusal, wanted_id};
use super::convert::to_aws;
use super::name::is_same_target;
use super::rollout::{ALIAS_TTL, CHANGING, Pace};
use super::shift::{Changes, Next, Seen, Sent, Sides, Told, back, forward, is_exposed, joined, weighed};
use super::{Record, api};
use crate::autoscaling_group::{alarm, serving};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::permanent;
use crate::kind::waiting;

/// What a step has written down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Noted {
    /// The batch that was sent last.
    change: Option<String>,
    /// The weight of the new side in it: steps of one name share their notes, and each counts only its own.
    weight: i64,
    /// How many instances served on the old side before anybody moved.
    serving: usize,
    /// On the way back: whether anybody may have the new side's address.
    exposed: bool,
    /// On the way back: whether the batch was the last one.
    last: bool,
}

/// One look at a step.
struct Look<'a> {
    aws: &'a Aws,
    task: &'a Task,
    operation: &'a str,
    pace: Pace,
    sides: Sides,
    told: Told,
    noted: Option<Noted>,
}

/// Advances a step of moving users.
///
/// # Errors
/// What AWS answers, or that there is no such step.
pub(super) async fn advance(
    aws: &Aws,
    task: &Task,
    operation: &Operation,
) -> Result<Progress, ProviderError> {
    let wanted: Record = decode(&task.desired)?;
    let before: Record =
        task.prior.as_ref().map(|prior| decode(&prior.observed)).transpose()?.unwrap_or_default();
    let id = wanted_id(aws, &wanted).await?;
    let (Some(old), Some(new)) =
        (leads(aws, before.alias.as_ref()).await?, leads(aws, wanted.alias.as_ref()).await?)
    else {
        return Ok(waiting(5, "the load balancer to appear"));
    };
    let record = |record: &Record, leads: Option<&_>| {
        to_aws(&id, record, leads).map_err(|error| permanent("ChangeResourceRecordSets", error.to_string()))
    };
    let sides =
        Sides { old: record(&before, old.as_ref())?, new: record(&wanted, new.as_ref())?, id: id.clone() };
    let (told, pace): (Told, Pace) = (api::namesakes(aws, &id).await?, decode(&task.arguments)?);
    let noted = task.notes.get(&operation.name).and_then(|note| serde_json::from_value(note.clone()).ok());
    let noted = noted.filter(|noted: &Noted| noted.weight == pace.weight);
    let look = Look { aws, task, operation: &operation.name, pace, sides, told, noted };
    match operation.name.as_str() {
        "ready" => look.ready().await,
        "split" | "shift" | "switch" | "join" => look.sending().await,
        "grace" => look.holding().await,
        "unsplit" | "unswitch" => look.going_back().await,
        other => Err(permanent("moving users", format!("`{}` has no step `{other}`", task.kind))),
    }
}

impl Look<'_> {
    /// As many as serve on the old side have to serve on the new one, and that number is written down.
    async fn ready(&self) -> Result<Progress, ProviderError> {
        let before = self.serving(&self.sides.old).await?.unwrap_or_default();
        let seen = self.seen(Sent::Not, self.pace.floor(before)).await?;
        match (&self.noted, forward(&seen, Duration::ZERO)) {
            (Some(_), _) => Ok(Progress::Done(Default::default())),
            (None, Next::Wait(seconds, on)) => Ok(waiting(seconds, on)),
            (None, _) => note(&Noted { serving: before, ..Noted::default() }),
        }
    }

    async fn sending(&self) -> Result<Progress, ProviderError> {
        if let Some(reason) = self.gone_off().await? {
            return Ok(Progress::Stuck(reason));
        }
        let seen = self.seen(self.sent().await?, self.floor()).await?;
        let bake = || self.pace.bake() + self.ttl();
        let hold = if matches!(self.operation, "shift" | "switch") { bake() } else { Duration::ZERO };
        let batch = || match self.operation {
            "split" => weighed(&self.told, &self.sides, 0),
            "shift" => weighed(&self.told, &self.sides, self.pace.weight),
            "join" => joined(&self.told, &self.sides.id, &self.sides.new),
            _ => Ok(vec![(ChangeAction::Upsert, self.sides.new.clone())]),
        };
        match forward(&seen, hold) {
            Next::Send => self.send(batch(), Noted { weight: self.pace.weight, ..Noted::default() }).await,
            Next::Done if self.operation == "join" => finished(self.aws, self.task).await,
            next => Ok(self.progress(next)),
        }
    }

    /// Clients that keep the old answer find it served.
    async fn holding(&self) -> Result<Progress, ProviderError> {
        if let Some(reason) = self.gone_off().await? {
            return Ok(Progress::Stuck(reason));
        }
        let seen = self.seen(Sent::Known, self.floor()).await?;
        match forward(&seen, self.pace.grace()) {
            // Of two weighted records one is yet to be made.
            Next::Done if self.told.contains_key(&self.sides.id) => {
                self.aws.memory.forget(&self.key());
                finished(self.aws, self.task).await
            }
            next => Ok(self.progress(next)),
        }
    }

    /// Users are led back first; only when nobody can have the new side's address is the record as it was.
    async fn going_back(&self) -> Result<Progress, ProviderError> {
        let seen = self.seen(self.sent().await?, 1).await?;
        let noted = self.noted.clone().unwrap_or_default();
        let exposed = is_exposed(&self.told, &self.sides);
        let hold = if noted.exposed { self.ttl() + self.pace.grace() } else { Duration::ZERO };
        let by_weight = self.operation == "unsplit";
        let single = || match by_weight {
            true => joined(&self.told, &self.sides.id, &self.sides.old),
            false => Ok(vec![(ChangeAction::Upsert, self.sides.old.clone())]),
        };
        match back(&seen, hold) {
            Next::Send if by_weight && exposed => {
                let batch = weighed(&self.told, &self.sides, 0);
                self.send(batch, Noted { exposed, ..Noted::default() }).await
            }
            Next::Send => {
                self.send(single(), Noted { exposed: !by_weight, last: true, ..Noted::default() }).await
            }
            Next::Done if !noted.last => self.send(single(), Noted { last: true, ..Noted::default() }).await,
            next => Ok(self.progress(next)),
        }
    }

    /// The alarm that watches the move and has gone off.
    async fn gone_off(&self) -> Result<Option<String>, ProviderError> {
        Ok(alarm::read(self.aws, &self.pace.alarms).await?.gone_off())
    }

    fn key(&self) -> String {
        format!("{} {}", self.task.token, self.operation)
    }

    /// How many served before anybody moved, as far as they must on the new side.
    fn floor(&self) -> usize {
        let ready: Option<Noted> =
            self.task.notes.get("ready").and_then(|note| serde_json::from_value(note.clone()).ok());
        self.pace.floor(ready.unwrap_or_default().serving)
    }

    fn ttl(&self) -> Duration {
        let sides = [&self.sides.old, &self.sides.new];
        let longest = sides.iter().filter_map(|side| side.ttl()).max().unwrap_or_default();
        Duration::from_secs(u64::try_from(longest).unwrap_or_default().max(ALIAS_TTL))
    }

    async fn sent(&self) -> Result<Sent, ProviderError> {
        match self.noted.as_ref().and_then(|noted| noted.change.as_ref()) {
            None => Ok(Sent::Not),
            Some(change) if api::is_in_sync(self.aws, change).await? => Ok(Sent::Known),
            Some(_) => Ok(Sent::Pending),
        }
    }

    async fn seen(&self, sent: Sent, floor: usize) -> Result<Seen, ProviderError> {
        let serving = self.serving(&self.sides.new).await?;
        let mut seen = Seen { sent, serving, floor, held: Default::default() };
        if sent == Sent::Known {
            seen.held = self.aws.memory.look(&self.key(), seen.is_sound());
        }
        Ok(seen)
    }

    /// How many instances get requests where a record leads, if that is a load balancer.
    async fn serving(&self, side: &ResourceRecordSet) -> Result<Option<usize>, ProviderError> {
        let alias = side.alias_target().map(|alias| alias.dns_name());
        let names = alias.into_iter().chain(side.resource_records().iter().map(|record| record.value()));
        let names: Vec<&str> = names.collect();
        let balancers = api::balancers(self.aws).await?;
        let leads_here = |name: &str| names.iter().any(|other| is_same_target(name, other));
        let found = balancers.iter().filter(|balancer| balancer.dns_name().is_some_and(leads_here));
        let found: BTreeSet<String> =
            found.filter_map(|balancer| balancer.load_balancer_name()).map(str::to_owned).collect();
        if found.is_empty() {
            return Ok(None);
        }
        serving(self.aws, &found).await.map(Some)
    }

    async fn send(&self, batch: Result<Changes, String>, noted: Noted) -> Result<Progress, ProviderError> {
        let batch = match batch {
            Ok(batch) => batch,
            Err(reason) => return Ok(Progress::Stuck(reason)),
        };
        self.aws.memory.forget(&self.key());
        let refused = format!("{} refused", self.key());
        match api::change(self.aws, &self.sides.id.zone, batch).await {
            Ok(change) => {
                self.aws.memory.forget(&refused);
                note(&Noted { change: Some(change), ..noted })
            }
            Err(error) if self.aws.memory.look(&refused, true).time > CHANGING => Err(error),
            Err(error) => refusal(error, self.task),
        }
    }

    fn progress(&self, next: Next) -> Progress {
        match next {
            Next::Wait(seconds, on) => waiting(seconds, on),
            Next::Stuck(reason) => Progress::Stuck(reason),
            Next::Send | Next::Done => {
                self.aws.memory.forget(&self.key());
                Progress::Done(Default::default())
            }
        }
    }
}

fn note(noted: &Noted) -> Result<Progress, ProviderError> {
    let json =
        serde_json::to_value(noted).map_err(|error| permanent("noting a change", error.to_string()))?;
    Ok(Progress::Note(json))
}
