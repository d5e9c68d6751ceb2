//! What a step remembers between two looks: how long something has held, and what it has done last. All of it lives
//! in this process only; after a restart, what must hold for a while has to hold for that while again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long AWS may take to show what was done, before it is done again.
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);

/// What is known about a condition that is looked at again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// So many looks in a row have found it true.
    pub(crate) polls: u32,
    /// So long it has been true.
    pub(crate) time: Duration,
    /// So many looks in a row have found it false.
    pub(crate) broken: u32,
    /// So long it has been false.
    pub(crate) lost: Duration,
}

#[derive(Default)]
struct Watch {
    since: Option<(bool, Instant)>,
    held: Held,
    done: Option<(String, Instant)>,
}

/// What the running steps remember, by a name for each.
#[derive(Default)]
pub(crate) struct Memory(Mutex<BTreeMap<String, Watch>>);

impl Memory {
    fn with<T>(&self, watcher: &str, then: impl FnOnce(&mut Watch) -> T) -> T {
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        then(watches.entry(watcher.to_owned()).or_default())
    }

    /// Takes in one more look at the condition that `watcher` wants to hold.
    pub(crate) fn look(&self, watcher: &str, holds: bool) -> Held {
        self.with(watcher, |watch| {
            let now = Instant::now();
            let (_, since) =
                *watch.since.insert(watch.since.filter(|(was, _)| *was == holds).unwrap_or((holds, now)));
            watch.held = match holds {
                true => Held { polls: watch.held.polls + 1, time: now - since, ..Held::default() },
                false => Held { broken: watch.held.broken + 1, lost: now - since, ..Held::default() },
            };
            watch.held
        })
    }

    /// Whether `act` is to be done now: not if it is the very thing that was done a moment ago, which AWS then does
    /// not show yet. Doing something begins every count anew.
    pub(crate) fn may_do(&self, watcher: &str, act: &str) -> bool {
        self.with(watcher, |watch| {
            let now = Instant::now();
            let repeated = |(last, at): &(String, Instant)| last == act && now - *at < VISIBLE_WITHIN;
            let fresh = !watch.done.as_ref().is_some_and(repeated);
            if fresh {
                *watch = Watch { done: Some((act.to_owned(), now)), ..Watch::default() };
            }
            fresh
        })
    }

    /// Forgets what `watcher` remembers: it is finished.
    pub(crate) fn forget(&self, watcher: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(watcher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_break_starts_the_count_again() {
        let memory = Memory::default();
        let poll = async |holds| {
            tokio::time::advance(Duration::from_secs(5)).await;
            memory.look("bake", holds)
        };
        poll(true).await;
        let twice = Held { polls: 2, time: Duration::from_secs(5), ..Held::default() };
        assert_eq!(poll(true).await, twice);
        assert_eq!(poll(false).await, Held { broken: 1, ..Held::default() });
        assert_eq!(poll(false).await, Held { broken: 2, lost: Duration::from_secs(5), ..Held::default() });
        assert_eq!(poll(true).await, Held { polls: 1, ..Held::default() });
        memory.forget("bake");
        assert_eq!(poll(true).await.polls, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_aws_does_not_show_yet_is_not_done_twice_at_once() {
        let memory = Memory::default();
        assert!(memory.may_do("scale", "resize web-1"));
        assert!(!memory.may_do("scale", "resize web-1"));
        assert!(memory.may_do("scale", "suspend"));
        tokio::time::advance(VISIBLE_WITHIN).await;
        assert!(memory.may_do("scale", "suspend"));
    }
}
