//! The lease of a shared state: taken, renewed for as long as it is held, and let go of. What can be done about one that
//! was found is decided in [`infra_engine::lease`].

use std::future::pending;
use std::pin::pin;
use std::process::exit;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use infra_aws::bucket::{Bucket, Condition, Patience, Put};
use infra_engine::lease::{Decision, Found, Holder, Lease, decide};
use infra_engine::provider::ProviderError;
use infra_engine::store::StoreError;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::shared::{out_of_reach, readable};
use crate::terminal::cut_short;

/// So many renewals fit into a lease: three may be lost before it is.
const BEATS: u32 = 4;

/// A lease that is held until this is dropped.
#[derive(Debug)]
pub struct Held {
    kept: Arc<Kept>,
    _ends: DropGuard,
}

#[derive(Debug)]
struct Kept {
    bucket: Arc<Bucket>,
    key: String,
    seconds: Duration,
    token: u64,
    nonce: String,
    /// The lease as it was last written, and its ETag.
    written: AsyncMutex<(Lease, String)>,
    /// Until when it holds by our own clock, read before the last renewal was sent.
    until: Mutex<Instant>,
    /// Why it is lost for good.
    lost: OnceLock<String>,
    /// Set with it.
    is_lost: CancellationToken,
}

/// What has come of an attempt to take a lease.
#[derive(Debug)]
pub enum Taking {
    /// It is held.
    Held(Held),
    /// It is held, and whoever held it before may still believe to: for so long nothing was heard of that one.
    TakenOver(Held, Holder, Duration),
    /// Somebody works under it, who was heard of so long ago.
    Busy(Holder, Duration),
    /// The state is kept elsewhere now.
    Moved(String),
}

/// A lease to be taken.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The bucket it is in.
    pub bucket: Arc<Bucket>,
    /// Its key.
    pub key: String,
    /// For how long it holds.
    pub lasts: Duration,
    /// Whoever takes it.
    pub me: Holder,
}

/// The lease as it is now; `None` if there was never one.
///
/// # Errors
/// S3 is out of reach, or what is there is no lease.
pub async fn look(bucket: &Bucket, key: &str) -> Result<Option<(Found, String)>, StoreError> {
    let Some(object) = bucket.get(key).await.map_err(|error| out_of_reach(key, &error))? else {
        return Ok(None);
    };
    let lease = Lease::read(&object.bytes).map_err(|error| readable(key, &error))?;
    Ok(Some((Found { lease, age: object.age }, object.tag)))
}

/// Takes a lease, if it can be had; `decides` is [`decide`], unless somebody wants it by force.
///
/// # Errors
/// S3 is out of reach, or what is there is no lease.
pub async fn take(
    wanted: &Wanted,
    decides: impl Fn(Option<&Found>) -> Decision,
) -> Result<Taking, StoreError> {
    let Wanted { bucket, key, .. } = wanted;
    for _ in 0..10 {
        let sent = Instant::now();
        let found = look(bucket, key).await?;
        let condition = found.as_ref().map_or(Condition::Absent, |(_, tag)| Condition::Is(tag.clone()));
        let found = found.map(|(found, _)| found);
        let moved = found.as_ref().and_then(|found| found.lease.moved.clone());
        let (token, from) = match decides(found.as_ref()) {
            Decision::Take(token) => (token, None),
            Decision::TakeOver { token, from, silent } => (token, Some((from, silent))),
            // An earlier attempt has taken it, and its answer was lost: it may have fenced nothing off yet.
            Decision::Held { by, renewed } if by.nonce == wanted.me.nonce => {
                let token = found.map_or(1, |found| found.lease.token.saturating_add(1));
                (token, Some((by, renewed)))
            }
            Decision::Held { by, renewed } => return Ok(Taking::Busy(by, renewed)),
            Decision::Moved(place) => return Ok(Taking::Moved(place)),
        };
        let lease = Lease::new(token, wanted.lasts.as_secs(), Some(wanted.me.clone()));
        let lease = Lease { moved, ..lease };
        let put = bucket.put(key, &lease.write(), Some(&condition), Patience::Long).await;
        if let Put::Written(tag) = put.map_err(|error| out_of_reach(key, &error))? {
            let held = keep(wanted, lease, tag, sent);
            return Ok(match from {
                None => Taking::Held(held),
                Some((from, silent)) => Taking::TakenOver(held, from, silent),
            });
        }
    }
    Err(StoreError::new(format!("{key} changes faster than it can be taken")).hint("run the command again"))
}

/// Takes a lease whoever holds it.
pub fn by_force(found: Option<&Found>) -> Decision {
    match (decide(found, &[]), found) {
        (Decision::Held { by, renewed }, Some(found)) => {
            Decision::TakeOver { token: found.lease.token.saturating_add(1), from: by, silent: renewed }
        }
        (Decision::Moved(_), Some(found)) => Decision::Take(found.lease.token.saturating_add(1)),
        (decision, _) => decision,
    }
}

fn keep(wanted: &Wanted, lease: Lease, tag: String, sent: Instant) -> Held {
    let ends = CancellationToken::new();
    let kept = Arc::new(Kept {
        bucket: Arc::clone(&wanted.bucket),
        key: wanted.key.clone(),
        seconds: wanted.lasts,
        token: lease.token,
        nonce: wanted.me.nonce.clone(),
        written: AsyncMutex::new((lease, tag)),
        until: Mutex::new(sent + wanted.lasts),
        lost: OnceLock::new(),
        is_lost: CancellationToken::new(),
    });
    let beating = tokio::spawn(Arc::clone(&kept).beat(ends.clone()));
    beats().push(beating);
    Held { kept, _ends: ends.drop_guard() }
}

/// The tasks that renew leases of this process.
fn beats() -> std::sync::MutexGuard<'static, Vec<JoinHandle<()>>> {
    static BEATS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());
    BEATS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until every lease that was dropped has been let go of in S3 too: the last thing a command does.
pub async fn let_go() {
    let ending = std::mem::take(&mut *beats());
    for task in ending {
        // A task that has panicked has let go of nothing; the lease ends by itself.
        let _ = task.await;
    }
}

impl Held {
    /// The token that everything written under it carries.
    pub fn token(&self) -> u64 {
        self.kept.token
    }

    /// Whether one may still write under it.
    ///
    /// # Errors
    /// Somebody else has taken it over, or it has run out because it could not be renewed.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.kept.lost.get() {
            Some(why) => Err(lost(why)),
            None if Instant::now() < self.kept.until() => Ok(()),
            None => Err(lost(&self.kept.ran_out())),
        }
    }

    /// Waits until one may not write under it any more.
    pub async fn lost(&self) -> StoreError {
        loop {
            if let Err(error) = self.check() {
                return error;
            }
            let until = self.kept.until();
            tokio::select! {
                () = self.kept.is_lost.cancelled() => {}
                () = sleep_until(until) => {}
            }
        }
    }

    /// Somebody else has written: tells who that is.
    pub async fn taken(&self) -> StoreError {
        let found = look(&self.kept.bucket, &self.kept.key).await.ok().flatten();
        lost(&by_whom(found.and_then(|(found, _)| found.lease.holder)))
    }

    /// Leaves word at the lease where the state is from now on, if not here.
    ///
    /// # Errors
    /// S3 is out of reach, or the lease was taken over.
    pub async fn leave_word(&self, place: Option<&str>) -> Result<(), StoreError> {
        let mut written = self.kept.written.lock().await;
        let (lease, tag) = &*written;
        let moved = lease.moved(place);
        let condition = Condition::Is(tag.clone());
        let put =
            self.kept.bucket.put(&self.kept.key, &moved.write(), Some(&condition), Patience::Long).await;
        match put.map_err(|error| out_of_reach(&self.kept.key, &error))? {
            Put::Written(tag) => {
                *written = (moved, tag);
                Ok(())
            }
            Put::Refused => Err(self.taken().await),
        }
    }
}

fn lost(why: &str) -> StoreError {
    StoreError::new(why).hint(
        "what was done is in the journal: `infra status` shows where it stands, and `infra apply` goes on with it",
    )
}

fn by_whom(holder: Option<Holder>) -> String {
    match holder {
        Some(Holder { user, process, command, since, .. }) => format!(
            "the lease of the state was taken over by {user}, who runs `{command}` (process {process}) since {since}"
        ),
        None => "the lease of the state was taken away, and is free now".to_owned(),
    }
}

impl Kept {
    fn until(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ran_out(&self) -> String {
        format!(
            "the lease of the state has run out: for {} s it could not be renewed",
            self.seconds.as_secs()
        )
    }

    /// Renews it again and again; lets go of it when `ends` says so.
    async fn beat(self: Arc<Self>, ends: CancellationToken) {
        let mut interrupted = pin!(interrupted());
        loop {
            tokio::select! {
                biased;
                () = ends.cancelled() => break,
                () = &mut interrupted => {
                    let _ = self.put(Lease::released).await;
                    exit(INTERRUPTED);
                }
                () = sleep(self.seconds / BEATS) => {}
            }
            // A renewal that gets no answer is made up for by the next.
            let _ = self.put(Lease::renewed).await;
            if self.is_lost.is_cancelled() {
                return;
            }
        }
        // One that cannot be let go of ends by itself.
        let _ = self.put(Lease::released).await;
    }

    async fn put(&self, next: impl Fn(&Lease) -> Lease) -> Result<(), ProviderError> {
        let mut written = self.written.lock().await;
        for _ in 0..3 {
            let (sent, lease) = (Instant::now(), next(&written.0));
            let condition = Condition::Is(written.1.clone());
            match self.bucket.put(&self.key, &lease.write(), Some(&condition), Patience::Short).await? {
                Put::Written(tag) => {
                    *written = (lease, tag);
                    *self.until.lock().unwrap_or_else(PoisonError::into_inner) = sent + self.seconds;
                    return Ok(());
                }
                Put::Refused => match self.still_ours().await? {
                    Some(found) => *written = found,
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// The lease as it is, if it is ours: then an answer was lost. If it is not, it is lost for good.
    async fn still_ours(&self) -> Result<Option<(Lease, String)>, ProviderError> {
        let object = self.bucket.get(&self.key).await?;
        let found = object.and_then(|object| Some((Lease::read(&object.bytes).ok()?, object.tag)));
        let holder = found.as_ref().and_then(|(lease, _)| lease.holder.clone());
        if holder.as_ref().is_some_and(|holder| holder.nonce == self.nonce) {
            return Ok(found);
        }
        // It is set once: the first reason is the right one.
        let _ = self.lost.set(by_whom(holder));
        self.is_lost.cancel();
        Ok(None)
    }
}

/// What shells give for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Waits until the program is to end at once, be it that its main thread waits for an answer at the terminal. Where
/// there is no other thread, the system ends the program, and the lease goes with the lock of this machine.
async fn interrupted() {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => cut_short().await,
        _ => pending().await,
    }
}

/// For stores that have no lease: nothing is ever lost.
pub async fn never() -> StoreError {
    pending().await
}
