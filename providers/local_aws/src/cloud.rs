//! All accounts and regions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::behaviour::Rule;
use crate::model::{Model, Time};
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
}

impl Cloud {
    /// An empty cloud.
    pub fn new(seed: u64, timing: TimeModel) -> Self {
        Self { seed, timing, behaviours: Vec::new(), models: BTreeMap::new() }
    }

    /// The model of an account in a region, brought up to `now`; made on first use.
    pub fn model(&mut self, account: &str, region: &str, now: Time) -> &mut Model {
        let place = format!("{account}/{region}");
        let (seed, timing, behaviours) = (self.seed ^ fingerprint(&place), &self.timing, &self.behaviours);
        let model = self.models.entry(place).or_insert_with(|| {
            let mut model = Model::new(account, region, seed, timing.clone(), now);
            model.behaviours.clone_from(behaviours);
            model
        });
        model.advance(now);
        model
    }

    /// Says how images turn out, in every account and region, before all that was said so far. It is decided when an
    /// instance begins to run, so it does not touch those that do.
    pub fn behave(&mut self, rule: &Rule) {
        self.behaviours.insert(0, rule.clone());
        for model in self.models.values_mut() {
            model.behaviours.insert(0, rule.clone());
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
