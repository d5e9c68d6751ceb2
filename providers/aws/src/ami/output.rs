//! What a build prints.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use infra_engine::redact::Redactor;
use infra_lang::address::Address;

use crate::transport::{Log, Sink};

/// So many of the last lines of a failed step stand in its error.
const TOLD_LINES: usize = 12;

/// Where the output of a build goes: without secrets, to the log, and its last lines into an error.
pub(super) struct Output {
    log: Arc<dyn Log>,
    address: Address,
    redactor: Redactor,
    last: Mutex<VecDeque<String>>,
}

impl Output {
    /// The output of the build of `address`.
    pub(super) fn new(log: Arc<dyn Log>, address: Address, redactor: Redactor) -> Self {
        Self { log, address, redactor, last: Mutex::default() }
    }

    /// The last lines.
    pub(super) fn last(&self) -> String {
        let lines = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("\n  {line}")).collect()
    }

    /// A text without secrets.
    pub(super) fn clean(&self, text: &str) -> String {
        self.redactor.clean(text)
    }
}

impl Sink for Output {
    fn line(&self, line: &str) {
        let line = self.redactor.clean(line);
        self.log.line(&self.address, &line);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == TOLD_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Log for Lines {
        fn line(&self, of: &Address, line: &str) {
            self.0.lock().expect("no panic").push(format!("{of}: {line}"));
        }
    }

    #[test]
    fn output_is_logged_and_remembered_without_secrets() {
        let log = Arc::new(Lines::default());
        let redactor = Redactor::new(["hunter22"]);
        let output = Output::new(log.clone(), Address::managed("ami", "web"), redactor);
        (0..20).for_each(|n| output.line(&format!("{n} hunter22")));
        let logged = log.0.lock().expect("no panic");
        assert_eq!((logged.len(), logged[0].as_str()), (20, "ami.web: 0 (sensitive)"));
        let last = output.last();
        assert_eq!(last.lines().count(), TOLD_LINES + 1);
        assert!(last.starts_with("\n  8 (sensitive)") && last.ends_with("\n  19 (sensitive)"), "{last}");
    }
}
