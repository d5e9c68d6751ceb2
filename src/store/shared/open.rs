//! Opening a shared state: first the lock of this machine's journal, then the lease, then what is there.

use std::sync::Arc;
use std::time::Duration;

use infra_aws::bucket::{Bucket, BucketOptions};
use infra_engine::lease::{Decision, Found, Holder, decide};
use infra_engine::shared_journal::{Reconciled, reconcile};
use infra_engine::store::{StateStore, StoreError};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::slot::Unwritten;
use super::{Objects, SharedPlace, SharedStore, Writer, out_of_reach};
use crate::cloud::Gateway;
use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;
use crate::store::disk::{self, DiskStore};
use crate::store::file;
use crate::store::lease::{self, Taking, Wanted};
use crate::terminal::Terminal;

/// So often it is looked whether a lease has become free.
const AGAIN: Duration = Duration::from_secs(1);

/// A shared state that is only read: it needs no lease, because every object is replaced as a whole.
///
/// # Errors
/// S3 is out of reach, or what is there is none of ours.
pub async fn read_only(place: &SharedPlace, gateway: &Gateway<'_>) -> CommandResult<SharedStore> {
    let bucket = reach(place, gateway).await?;
    let objects = Objects::read(&bucket, &place.key).await?;
    if objects.state.content().is_none() {
        gone_elsewhere(&bucket, place).await?;
    }
    Ok(SharedStore { bucket, place: place.clone(), writer: None, objects: Mutex::new(objects) })
}

/// A shared state that may be written, its lease taken. A dead holder is taken over, and the user is told whose work
/// that was.
///
/// # Errors
/// Somebody else holds the lease (who, since when), S3 is out of reach, or the place on this machine cannot be written.
pub async fn locked(place: &SharedPlace, command: &str, gateway: &Gateway<'_>) -> CommandResult<SharedStore> {
    leased(place, command, gateway, decide).await
}

/// What can be done about a lease, given the nonces of dead holders.
type Decide = fn(Option<&Found>, &[String]) -> Decision;

async fn leased(
    place: &SharedPlace,
    command: &str,
    gateway: &Gateway<'_>,
    decides: Decide,
) -> CommandResult<SharedStore> {
    let settings = gateway.settings();
    let here = disk::locked_in_time(&place.here, command, settings)?;
    let bucket = reach(place, gateway).await?;
    let terminal = Terminal::new(settings.color);
    advise(&bucket, place, &terminal).await;
    let dead = former(place);
    let wanted = wanted(&bucket, place, command, settings)?;
    match in_time(&wanted, |found| decides(found, &dead), settings, &terminal).await? {
        Taking::Held(lease) => opened(bucket, place, Writer { lease, here }, false, &terminal).await,
        Taking::TakenOver(lease, from, silent) => {
            terminal.tell(&taken_over(&from, silent));
            opened(bucket, place, Writer { lease, here }, true, &terminal).await
        }
        Taking::Busy(by, renewed) => Err(busy(&by, renewed, place).into()),
        Taking::Moved(elsewhere) => Err(moved(&elsewhere, place).into()),
    }
}

/// The same, though the state may have moved away from here before: it comes back.
///
/// # Errors
/// As [`locked`].
pub async fn returned(
    place: &SharedPlace,
    command: &str,
    gateway: &Gateway<'_>,
) -> CommandResult<SharedStore> {
    let back = |found: Option<&Found>, dead: &[String]| match (decide(found, dead), found) {
        (Decision::Moved(_), Some(found)) => Decision::Take(found.lease.token.saturating_add(1)),
        (decision, _) => decision,
    };
    leased(place, command, gateway, back).await
}

/// Takes the lease from whoever holds it, and gives the state under it.
///
/// # Errors
/// As [`locked`], but for the holder.
pub async fn unlock(place: &SharedPlace, command: &str, gateway: &Gateway<'_>) -> CommandResult<SharedStore> {
    let settings = gateway.settings();
    let here = disk::locked_in_time(&place.here, command, settings)?;
    let bucket = reach(place, gateway).await?;
    let wanted = wanted(&bucket, place, command, settings)?;
    match lease::take(&wanted, lease::by_force).await? {
        Taking::Held(lease) | Taking::TakenOver(lease, ..) => {
            opened(bucket, place, Writer { lease, here }, true, &Terminal::new(settings.color)).await
        }
        Taking::Busy(by, renewed) => Err(busy(&by, renewed, place).into()),
        Taking::Moved(elsewhere) => Err(moved(&elsewhere, place).into()),
    }
}

/// Who holds the lease now, in words; it is not waited for, and not taken.
///
/// # Errors
/// S3 is out of reach, or what is there is no lease.
pub async fn holder(place: &SharedPlace, gateway: &Gateway<'_>) -> CommandResult<Option<String>> {
    let found = lease::look(&*reach(place, gateway).await?, &lock(place)).await?;
    let told = found.and_then(|(found, _)| {
        let holder = found.lease.holder?;
        Some(format!("{}, renewed {} s ago", runs(&holder), found.age.as_secs()))
    });
    Ok(told)
}

async fn reach(place: &SharedPlace, gateway: &Gateway<'_>) -> CommandResult<Arc<Bucket>> {
    let options = BucketOptions {
        name: place.bucket.clone(),
        region: place.region.clone(),
        kms_key_id: place.kms_key_id.clone(),
        endpoint: gateway.endpoint(),
        wire: gateway.wire()?,
    };
    let bucket = Bucket::new(options).await;
    if gateway.settings().local {
        // Nobody else could have made it in there.
        bucket.ensure().await?;
    }
    Ok(Arc::new(bucket))
}

fn lock(place: &SharedPlace) -> String {
    format!("{}.lock", place.key)
}

/// The lease that this process wants. Its nonce is written down first: who finds it in the lease later, and holds the
/// lock of this machine's journal, knows that its holder is dead.
fn wanted(
    bucket: &Arc<Bucket>,
    place: &SharedPlace,
    command: &str,
    settings: &Settings,
) -> CommandResult<Wanted> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce)
        .map_err(|error| Complaint::new(format!("the system gives no random bytes: {error}")))?;
    let nonce = hex::encode(nonce);
    remember(place, &nonce)?;
    let me = Holder {
        user: settings.user.clone(),
        process: std::process::id(),
        command: command.to_owned(),
        since: format!("{:.0}", settings.now),
        nonce,
    };
    Ok(Wanted { bucket: Arc::clone(bucket), key: lock(place), lasts: settings.lease, me })
}

/// The nonces of those who wanted the lease on this machine before: all are dead, for we hold their lock.
fn former(place: &SharedPlace) -> Vec<String> {
    let text = std::fs::read_to_string(file::beside(&place.here, ".lease")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// So many former holders are remembered: a lease has one.
const REMEMBERED: usize = 20;

fn remember(place: &SharedPlace, nonce: &str) -> CommandResult<()> {
    let path = file::beside(&place.here, ".lease");
    let mut nonces = former(place);
    nonces.push(nonce.to_owned());
    let text = nonces[nonces.len().saturating_sub(REMEMBERED)..].join("\n");
    Ok(file::write_atomically(&path, text.as_bytes())
        .map_err(|error| file_error("cannot be written", &path, &error))?)
}

/// Takes the lease, and waits for it as long as the user lets us.
async fn in_time(
    wanted: &Wanted,
    decides: impl Fn(Option<&Found>) -> Decision,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<Taking> {
    let deadline = Instant::now() + settings.lock_timeout;
    let mut is_told = false;
    loop {
        let taking = lease::take(wanted, &decides).await?;
        let Taking::Busy(by, _) = &taking else { return Ok(taking) };
        if Instant::now() >= deadline {
            return Ok(taking);
        }
        if !is_told {
            terminal.tell(&format!("Waiting for the lease of the state: {}.\n", runs(by)));
            is_told = true;
        }
        sleep(AGAIN).await;
    }
}

/// What is there, under our lease: after a takeover its former holder cannot write it any more, and what this machine
/// knows of the apply and S3 does not is sent up.
async fn opened(
    bucket: Arc<Bucket>,
    place: &SharedPlace,
    writer: Writer,
    fence: bool,
    terminal: &Terminal,
) -> CommandResult<SharedStore> {
    let token = writer.lease.token();
    let mut objects = Objects::read(&bucket, &place.key).await?;
    if fence {
        fence_off(&mut objects, token).await.map_err(|unwritten| untaken(unwritten, place))?;
    }
    reconciled(&mut objects, &writer, terminal).await?;
    let caught_up = objects.catch_up(token, infra_aws::bucket::Patience::Long).await;
    caught_up.map_err(|unwritten| untaken(unwritten, place))?;
    Ok(SharedStore { bucket, place: place.clone(), writer: Some(writer), objects: Mutex::new(objects) })
}

async fn fence_off(objects: &mut Objects, token: u64) -> Result<(), Unwritten> {
    let fences = [(); 4].map(|()| objects.fence(token));
    let Objects { state, backup, journal, events, .. } = objects;
    tokio::try_join!(
        state.fence_off(&fences[0]),
        backup.fence_off(&fences[1]),
        journal.fence_off(&fences[2]),
        events.fence_off(&fences[3]),
    )?;
    objects.assemble();
    Ok(())
}

fn untaken(unwritten: Unwritten, place: &SharedPlace) -> StoreError {
    match unwritten {
        Unwritten::Broken(error) => error,
        Unwritten::Provider(error) => out_of_reach(&place.to_string(), &error),
        Unwritten::Taken => StoreError::new(format!("somebody else has taken the lease of {place}"))
            .hint("run the command again: it says who"),
    }
}

/// Brings the journal of this machine and the shared one together.
async fn reconciled(objects: &mut Objects, writer: &Writer, terminal: &Terminal) -> CommandResult<()> {
    let local = writer.here.journal_load().await?.unwrap_or_default();
    let shared = objects.journaled.clone();
    match reconcile(&local, &shared) {
        Reconciled::Same => {}
        Reconciled::SendUp => objects.journaled = local,
        Reconciled::TakeShared => take_shared(&shared, &writer.here).await?,
        Reconciled::Diverged => {
            let kept = writer.here.keep("journal", &local).await?;
            terminal.tell(&format!(
                "The apply that this machine began was gone on with elsewhere. What only this machine had written \
                 down of it is in {kept}; what it made is found again by its names and tags.\n\n"
            ));
            take_shared(&shared, &writer.here).await?;
        }
    }
    Ok(())
}

async fn take_shared(shared: &[u8], here: &DiskStore) -> Result<(), StoreError> {
    here.journal_clear().await?;
    let text = String::from_utf8_lossy(shared);
    match text.strip_suffix('\n').unwrap_or(&text) {
        "" => Ok(()),
        lines => here.journal_append(lines).await,
    }
}

/// Says once on each machine that a bucket without versions keeps nothing of before.
async fn advise(bucket: &Bucket, place: &SharedPlace, terminal: &Terminal) {
    if former(place).is_empty() && bucket.is_versioned().await.ok() == Some(false) {
        let name = &place.bucket;
        terminal.tell(&format!(
            "warning: the bucket {name} keeps no versions: with them, a state that was damaged or deleted can be had \
             back.\n  = hint: `aws s3api put-bucket-versioning --bucket {name} --versioning-configuration \
             Status=Enabled`\n\n"
        ));
    }
}

async fn gone_elsewhere(bucket: &Bucket, place: &SharedPlace) -> CommandResult<()> {
    let found = lease::look(bucket, &lock(place)).await?;
    match found.and_then(|(found, _)| found.lease.moved) {
        Some(elsewhere) => Err(moved(&elsewhere, place).into()),
        None => Ok(()),
    }
}

/// Who works, in words.
fn runs(holder: &Holder) -> String {
    let Holder { user, process, command, since, .. } = holder;
    format!("{user} runs `{command}` (process {process}) since {since}")
}

fn taken_over(from: &Holder, silent: Duration) -> String {
    format!(
        "The lease of the state was {}'s, who ran `{}` (process {}) since {} and has not been heard of for {} s. It is \
         taken over: whatever that process still writes is refused.\n\n",
        from.user,
        from.command,
        from.process,
        from.since,
        silent.as_secs()
    )
}

fn busy(by: &Holder, renewed: Duration, place: &SharedPlace) -> Complaint {
    Complaint::new(format!("the state is locked: {}, renewed {} s ago", runs(by), renewed.as_secs()))
        .at(place)
        .hint(
            "wait until it has ended, or let `--lock-timeout 5m` wait; `infra state unlock` takes the lease away from \
             a process that hangs",
        )
}

fn moved(elsewhere: &str, place: &SharedPlace) -> Complaint {
    Complaint::new(format!("the state is not kept here any more: it has moved to {elsewhere}"))
        .at(place)
        .hint(format!(
            "write that place into the `backend` block of the project, or move it back: `infra state migrate \
             '{elsewhere}'`"
        ))
}
