//! All accounts and regions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Faults};
use crate::model::behaviour::Rule;
use crate::model::{Event, Model, Random, Time};
use crate::service::HOME;
use crate::timing::TimeModel;

/// The account of everybody whose access key is not an account number itself.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// Every account in every region that was asked for at least once. This is what a snapshot holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cloud {
    seed: u64,
    timing: TimeModel,
    #[serde(default)]
    behaviours: Vec<Rule>,
    /// By `account/region`.
    models: BTreeMap<String, Model>,
    /// What has yet to go wrong.
    #[serde(default)]
    faults: Faults,
}

impl Cloud {
    /// An empty cloud.
    pub fn new(seed: u64, timing: TimeModel) -> Self {
        let faults = Faults::new(seed ^ fingerprint("faults"));
        Self { seed, timing, behaviours: Vec::new(), models: BTreeMap::new(), faults }
    }

    /// A copy as somebody sees it who cannot know what is to go wrong: no faults are in it, and images turn out as
    /// their tags say. All chance in it begins anew from `seed`.
    pub fn unsuspecting(&self, seed: u64) -> Self {
        let anew = |(place, model): (&String, &Model)| {
            let mut model = model.clone();
            model.random = Random::new(seed ^ fingerprint(place));
            model.behaviours.clear();
            model.queue.cancel(|event| matches!(event, Event::Mishap(_)));
            (place.clone(), model)
        };
        let models = self.models.iter().map(anew).collect();
        Self { models, ..Self::new(seed, self.timing.clone()) }
    }

    /// The model of an account in a region, brought up to `now`; made on first use.
    pub fn model(&mut self, account: &str, region: &str, now: Time) -> &mut Model {
        let place = place(account, region);
        let (seed, timing, behaviours) = (self.seed ^ fingerprint(&place), &self.timing, &self.behaviours);
        let iam = match self.models.contains_key(&place) {
            true => None,
            false => self.models.get(&self::place(account, HOME)).map(|home| home.iam.clone()),
        };
        let model = self.models.entry(place).or_insert_with(|| {
            let mut model = Model::new(account, region, seed, timing.clone(), now);
            model.behaviours.clone_from(behaviours);
            model.iam = iam.unwrap_or_default();
            self.faults.befall(&mut model);
            model
        });
        model.advance(now);
        model
    }

    /// Tells all regions of an account what IAM has been told in its home.
    pub(crate) fn share_iam(&mut self, account: &str) {
        let Some(iam) = self.models.get(&place(account, HOME)).map(|home| home.iam.clone()) else { return };
        for model in self.models.values_mut().filter(|model| model.account == account) {
            model.iam.clone_from(&iam);
        }
    }

    /// Has something go wrong, everywhere in the cloud.
    pub fn inject(&mut self, now: Time, fault: Fault) {
        self.faults.add(now, fault, self.models.values_mut());
    }

    /// Forgets what has yet to go wrong.
    pub fn clear_faults(&mut self) {
        self.faults.clear(self.models.values_mut());
    }

    /// What has yet to go wrong.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Keeps what a model is like before it is written to, if a fault needs that.
    pub(crate) fn before_write(&mut self, account: &str, region: &str) {
        let place = place(account, region);
        if let Some(model) = self.models.get(&place) {
            self.faults.before_write(&place, model);
        }
    }

    /// The model of an account in a region as it is without the writes of the last `lag`; `None` if there were none.
    pub(crate) fn stale(&self, account: &str, region: &str, now: Time, lag: Duration) -> Option<Model> {
        self.faults.without(&place(account, region), now, lag)
    }

    /// Says how images turn out, in every account and region, before all that was said so far. It is decided when an
    /// instance begins to run, so it does not touch those that do.
    pub fn behave(&mut self, rule: &Rule) {
        self.behaviours.insert(0, rule.clone());
        for model in self.models.values_mut() {
            model.behaviours.insert(0, rule.clone());
        }
    }

    /// Tells the streams of requests of an account what its hosted zones hold now.
    pub(crate) fn publish(&mut self, account: &str, home: &str, now: Time) {
        let asks = |model: &Model| model.account == account && !model.traffic.is_empty();
        if !self.models().any(asks) {
            return;
        }
        let route53 = self.model(account, home, now).route53.clone();
        for model in self.models.values_mut().filter(|model| asks(model)) {
            model.traffic.publish(&route53);
        }
    }

    /// Brings every account and region up to `now`.
    pub fn advance(&mut self, now: Time) {
        for model in self.models.values_mut() {
            model.advance(now);
        }
    }

    /// The latest moment any part of the cloud has reached; `None` as long as nobody has asked for anything.
    pub fn now(&self) -> Option<Time> {
        self.models.values().map(|model| model.now).max()
    }

    /// The models there are.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }
}

fn place(account: &str, region: &str) -> String {
    format!("{account}/{region}")
}

/// The account that an access key belongs to: itself, if it is an account number.
pub fn account_of(access_key: &str) -> &str {
    let is_account = access_key.len() == 12 && access_key.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { access_key } else { DEFAULT_ACCOUNT }
}

/// FNV-1a, the same on every machine. It keeps two places of one seed from dealing out the same ids.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
