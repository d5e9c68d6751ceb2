//! The machines that this process has launched and works on: their keys, connections and how far they are. None of
//! it is written down; work whose process has died starts over.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use infra_engine::id::Token;
use tokio::time::Instant;

use super::{Access, Transport};

/// One machine.
pub struct Bench {
    /// Its id.
    pub(crate) instance: String,
    /// How we get in.
    pub(crate) access: Box<dyn Access>,
    /// The connection, once there is one.
    pub(crate) machine: Option<Box<dyn Transport>>,
    /// Under which address it was reached.
    pub(crate) host: String,
    /// Steps done.
    pub(crate) done: usize,
    /// When it was launched.
    pub(crate) since: Instant,
}

impl Bench {
    /// A machine that was launched just now.
    pub(crate) fn new(instance: String, access: Box<dyn Access>) -> Self {
        Self { instance, access, machine: None, host: String::new(), done: 0, since: Instant::now() }
    }
}

/// The machines by the step that launched them.
#[derive(Default)]
pub struct Benches {
    open: Mutex<HashMap<Token, Bench>>,
    missed: Mutex<HashMap<String, Instant>>,
}

impl Benches {
    /// Takes the machine of a step out, if it is `instance`; whoever takes it puts it back while it is of use.
    pub(crate) fn take(&self, token: &Token, instance: Option<&str>) -> Option<Bench> {
        let bench = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        bench.filter(|bench| Some(bench.instance.as_str()) == instance)
    }

    /// Keeps the machine of a step.
    pub(crate) fn put(&self, token: &Token, bench: Bench) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), bench);
    }

    /// Since when a machine that was launched has not been seen: since the first call of this.
    pub(crate) fn missed_since(&self, instance: &str) -> Instant {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        *missed.entry(instance.to_owned()).or_insert_with(Instant::now)
    }
}
