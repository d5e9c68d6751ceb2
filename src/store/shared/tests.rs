//! Two machines, one bucket: on the embedded AWS, under a clock that jumps.

use std::sync::Arc;

use bytes::Bytes;
use infra_engine::store::{StateStore, StoreError};
use infra_local_aws::fault::Fault;
use infra_local_aws::model::Time;
use infra_local_aws::{LocalAws, Options};
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use super::{SharedPlace, SharedStore, holder, locked, read_only, unlock};
use crate::cloud::Gateway;
use crate::error::{CommandError, CommandResult};
use crate::settings::Settings;

/// A bucket in an AWS whose time is tokio's.
struct World {
    aws: LocalAws,
    began: Instant,
}

/// Somebody's machine.
struct Machine {
    folder: TempDir,
    settings: Settings,
    wire: infra_aws::Wire,
}

impl World {
    async fn new() -> Self {
        let world = Self { aws: LocalAws::new(Options::default()), began: Instant::now() };
        let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        for (path, body) in [("/shop", ""), ("/shop?versioning", versions)] {
            let _ = send(&world.aws, world.now(), "PUT", path, body).await;
        }
        world
    }

    fn now(&self) -> Time {
        now(self.began)
    }

    fn machine(&self, user: &str) -> Machine {
        let (aws, began) = (self.aws.clone(), self.began);
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::bare(folder.path(), user);
        let wire: infra_aws::Wire = Arc::new(move |request| {
            let answer = aws.exchange(now(began), &request).answer;
            Box::pin(async move {
                sleep(Duration::from_millis(40)).await;
                answer
            })
        });
        Machine { folder, settings, wire }
    }

    /// Lets something go wrong, as `infra local inject` takes it.
    fn inject(&self, fault: &str) {
        self.aws.inject(self.now(), fault.parse::<Fault>().expect("a fault"));
    }

    /// What is in an object.
    async fn object(&self, key: &str) -> String {
        send(&self.aws, self.now(), "GET", &format!("/shop/{key}"), "").await
    }
}

fn now(began: Instant) -> Time {
    Time(1_795_244_400_000) + began.elapsed()
}

fn request(method: &str, path: &str, body: &str) -> http::Request<Bytes> {
    let scope = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/s3/aws4_request, Signature=0";
    let request = http::Request::builder().method(method).uri(format!("http://aws.local{path}"));
    request.header("authorization", scope).body(Bytes::from(body.to_owned())).expect("it is one")
}

async fn send(aws: &LocalAws, now: Time, method: &str, path: &str, body: &str) -> String {
    let answer = aws.exchange(now, &request(method, path, body)).answer.expect("an answer");
    String::from_utf8_lossy(answer.body()).into_owned()
}

impl Machine {
    fn gateway(&self) -> Gateway<'_> {
        Gateway::to(&self.settings, Arc::clone(&self.wire))
    }

    fn place(&self) -> SharedPlace {
        SharedPlace {
            bucket: "shop".to_owned(),
            key: "web.state".to_owned(),
            region: "us-east-1".to_owned(),
            kms_key_id: None,
            here: self.folder.path().join("web.state"),
        }
    }

    async fn locked(&self) -> CommandResult<SharedStore> {
        locked(&self.place(), "infra apply", &self.gateway()).await
    }

    async fn open(&self) -> SharedStore {
        self.locked().await.unwrap_or_else(|error| panic!("{}", told(error)))
    }

    async fn look(&self) -> SharedStore {
        let opened = read_only(&self.place(), &self.gateway()).await;
        opened.unwrap_or_else(|error| panic!("{}", told(error)))
    }
}

fn told(error: CommandError) -> String {
    match error {
        CommandError::Complaints(complaints) => complaints[0].message.clone(),
        CommandError::Diagnostics(..) => "diagnostics".to_owned(),
    }
}

fn text(bytes: Result<Option<Vec<u8>>, StoreError>) -> String {
    let bytes = bytes.unwrap_or_else(|error| panic!("{error}"));
    bytes.map_or_else(|| "none".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Lets go of a store, and leaves it the time to say so.
async fn close(store: SharedStore) {
    drop(store);
    sleep(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn what_one_saves_another_finds() {
    let world = World::new().await;
    let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
    let store = ann.open().await;
    assert_eq!(text(store.load().await), "none");
    for state in ["one", "two"] {
        store.save(state.as_bytes()).await.expect("saved");
    }
    for line in ["plan", "a", "b"] {
        store.journal_append(line).await.expect("appended");
    }
    assert!(store.keep("7", b"seven").await.expect("kept").ends_with("shop/web.state.7.backup"));
    drop(store);
    sleep(Duration::from_secs(1)).await;
    let store = bob.open().await;
    assert_eq!([text(store.load().await), text(store.backup().await)], ["two", "one"]);
    assert_eq!(text(store.journal_load().await), "plan\na\nb\n");
    store.journal_append("c").await.expect("appended");
    store.journal_clear().await.expect("cleared");
    assert_eq!(text(bob.look().await.journal_load().await), "none");
    assert_eq!(world.object("web.state.7.backup").await, "seven");
    close(store).await;
}

#[tokio::test(start_paused = true)]
async fn the_second_is_told_who_the_first_is_for_as_long_as_that_one_lives() {
    let world = World::new().await;
    let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
    let store = ann.open().await;
    sleep(Duration::from_secs(3600)).await;
    let refused = told(bob.locked().await.expect_err("it is held"));
    let process = std::process::id();
    let start = format!(
        "the state is locked: ann@a runs `infra apply` (process {process}) since 1970-01-01T00:00:00Z, renewed "
    );
    assert!(refused.starts_with(&start), "{refused}");
    let said = holder(&bob.place(), &bob.gateway()).await.ok().flatten().expect("it is held");
    assert!(said.starts_with("ann@a runs"), "{said}");
    drop(store);
    sleep(Duration::from_secs(1)).await;
    close(bob.open().await).await;
}

#[tokio::test(start_paused = true)]
async fn one_waits_as_long_as_the_user_lets_it() {
    let world = World::new().await;
    let (ann, mut bob) = (world.machine("ann@a"), world.machine("bob@b"));
    bob.settings.lock_timeout = Duration::from_secs(300);
    let store = ann.open().await;
    tokio::spawn(async move {
        sleep(Duration::from_secs(120)).await;
        drop(store);
    });
    let begun = Instant::now();
    close(bob.open().await).await;
    assert!(begun.elapsed() > Duration::from_secs(119), "{:?}", begun.elapsed());
}

/// Nothing that a holder does after its lease was taken away gets through, at no object, though by its own clock the
/// lease still holds.
#[tokio::test(start_paused = true)]
async fn one_whose_lease_was_taken_can_write_no_object() {
    for begins in [0, 1, 2] {
        let world = World::new().await;
        let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
        let stalled = ann.open().await;
        if begins > 0 {
            stalled.save(b"one").await.expect("saved");
        }
        if begins > 1 {
            stalled.journal_append("plan").await.expect("appended");
            stalled.journal_append("a").await.expect("appended");
        }
        let taken = unlock(&bob.place(), "infra state unlock", &bob.gateway()).await;
        let taken = taken.unwrap_or_else(|error| panic!("{}", told(error)));
        let before = [text(taken.load().await), text(taken.journal_load().await)];
        for error in [
            stalled.save(b"two").await.err(),
            stalled.journal_append("b").await.err(),
            stalled.journal_clear().await.err().filter(|_| begins > 1),
        ]
        .into_iter()
        .take(if begins > 1 { 3 } else { 2 })
        {
            let error = error.expect("it was refused").message;
            assert!(error.starts_with("the lease of the state was taken over by bob@b"), "{error}");
        }
        assert_eq!(
            [text(bob.look().await.load().await), text(bob.look().await.journal_load().await)],
            before
        );
        sleep(Duration::from_secs(30)).await;
        assert!(stalled.keep("7", b"seven").await.is_err(), "its heart has told it by now");
        close(taken).await;
        close(stalled).await;
    }
}

/// The same, but the stalled one slept past the end of its lease: it notices by its own clock, and asks nobody.
#[tokio::test(start_paused = true)]
async fn one_that_slept_past_its_lease_stops_by_itself() {
    let world = World::new().await;
    let ann = world.machine("ann@a");
    let store = ann.open().await;
    world.inject("s3:PutObject=dropped*1000");
    let begun = Instant::now();
    let lost = store.lost().await;
    assert_eq!(lost.message, "the lease of the state has run out: for 60 s it could not be renewed");
    assert!(begun.elapsed() <= Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(store.save(b"one").await.is_err());
    close(store).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_holder_is_taken_over_by_others_after_a_while_and_on_its_own_machine_at_once() {
    let world = World::new().await;
    let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
    let store = ann.open().await;
    store.journal_append("plan").await.expect("appended");
    store.journal_append("a").await.expect("appended");
    // Its process dies: nobody renews and nobody lets go, but the system frees the lock.
    world.inject("s3:PutObject=dropped*1000");
    close(store).await;
    world.aws.clear_faults();
    assert!(told(bob.locked().await.expect_err("it is held")).contains("ann@a runs"));
    let again = ann.open().await;
    assert_eq!(text(again.journal_load().await), "plan\na\n");
    world.inject("s3:PutObject=dropped*1000");
    close(again).await;
    world.aws.clear_faults();
    sleep(Duration::from_secs(63)).await;
    let taken = bob.open().await;
    assert_eq!(text(taken.journal_load().await), "plan\na\n");
    close(taken).await;
}

/// S3 is gone for a while in the middle of an apply: it goes on, and all that was written down meanwhile is in S3 later,
/// be it in the same run or after a crash.
#[tokio::test(start_paused = true)]
async fn what_was_done_without_s3_is_sent_up_later() {
    for dies in [false, true] {
        let world = World::new().await;
        let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
        let store = ann.open().await;
        store.journal_append("plan").await.expect("appended");
        store.journal_append("a").await.expect("appended");
        world.inject("s3:*=dropped*1000");
        store.journal_append("b").await.expect("it is on this machine");
        let store = if dies {
            close(store).await;
            world.aws.clear_faults();
            ann.open().await
        } else {
            world.aws.clear_faults();
            store.journal_append("c").await.expect("appended");
            store
        };
        let expected = if dies { "plan\na\nb\n" } else { "plan\na\nb\nc\n" };
        assert_eq!(text(bob.look().await.journal_load().await), expected);
        close(store).await;
    }
}

/// The first line is in S3 before an apply begins, and a state is in S3 or was not saved.
#[tokio::test(start_paused = true)]
async fn nothing_begins_and_nothing_ends_without_s3() {
    let world = World::new().await;
    let ann = world.machine("ann@a");
    let store = ann.open().await;
    world.inject("s3:*=dropped*1000");
    let error = store.journal_append("plan").await.expect_err("S3 is gone");
    assert!(error.message.starts_with("s3://shop/web.state in S3: PutObject: "), "{error}");
    assert!(store.save(b"one").await.is_err());
    world.aws.clear_faults();
    store.save(b"one").await.expect("saved");
    close(store).await;
    let store = ann.open().await;
    assert_eq!([text(store.load().await), text(store.journal_load().await)], ["one", "none"]);
    close(store).await;
}

/// Answers are lost, and requests come twice: each write is found to have been done.
#[tokio::test(start_paused = true)]
async fn lost_answers_lose_nothing() {
    for fault in [
        "s3:PutObject~40%=cut",
        "s3:PutObject~40%=lost",
        "s3:PutObject~40%=ConditionalRequestConflict",
        "s3:*~30%=throttle",
    ] {
        let world = World::new().await;
        let ann = world.machine("ann@a");
        world.inject(fault);
        let store = ann.open().await;
        store.save(b"one").await.expect(fault);
        for line in ["plan", "a", "b", "c"] {
            store.journal_append(line).await.expect(fault);
        }
        store.save(b"two").await.expect(fault);
        assert_eq!(text(store.journal_load().await), "plan\na\nb\nc\n");
        store.journal_clear().await.expect(fault);
        world.aws.clear_faults();
        close(store).await;
        let store = ann.open().await;
        let found = [text(store.load().await), text(store.backup().await), text(store.journal_load().await)];
        assert_eq!(found, ["two", "one", "none"], "{fault}");
        close(store).await;
    }
}

/// A journal of many events is the same as it is kept, as it is sent in parts, and as another takes it over, be the
/// answers lost and the writer killed anywhere.
#[tokio::test(start_paused = true)]
async fn a_long_journal_is_whole_wherever_its_writer_is_killed() {
    for killed_after in [3, 40, 41, 42, 43, 90] {
        let world = World::new().await;
        let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
        let store = ann.open().await;
        store.save(b"one").await.expect("saved");
        world.inject("s3:PutObject~20%=cut");
        let mut expected = String::new();
        for at in 0..killed_after {
            let line = format!("{at}{}", "x".repeat(400));
            store.journal_append(&line).await.expect("appended");
            expected += &format!("{line}\n");
        }
        world.inject("s3:*=dropped*1000");
        close(store).await;
        world.aws.clear_faults();
        sleep(Duration::from_secs(70)).await;
        let taken = bob.open().await;
        let found = text(taken.journal_load().await);
        assert_eq!(found, expected, "after {killed_after}");
        taken.journal_append("bob's").await.expect("appended");
        assert_eq!(text(bob.look().await.journal_load().await), found + "bob's\n");
        taken.journal_clear().await.expect("cleared");
        assert_eq!(text(bob.look().await.journal_load().await), "none");
        taken.journal_append("another").await.expect("appended");
        assert_eq!(text(bob.look().await.journal_load().await), "another\n");
        close(taken).await;
    }
}

/// An apply that others have gone on with, or finished, is not taken up again by the machine that began it.
#[tokio::test(start_paused = true)]
async fn the_journal_of_before_is_not_sent_up_after_others_went_on() {
    let world = World::new().await;
    let (ann, bob) = (world.machine("ann@a"), world.machine("bob@b"));
    let store = ann.open().await;
    store.journal_append("plan").await.expect("appended");
    world.inject("s3:*=dropped*1000");
    store.journal_append("only here").await.expect("it is on this machine");
    close(store).await;
    world.aws.clear_faults();
    sleep(Duration::from_secs(70)).await;
    let store = bob.open().await;
    store.journal_append("b").await.expect("appended");
    close(store).await;
    let store = ann.open().await;
    assert_eq!(text(store.journal_load().await), "plan\nb\n");
    let kept = std::fs::read_to_string(ann.folder.path().join("web.state.journal.backup")).expect("kept");
    assert_eq!(kept, "plan\nonly here\n");
    store.journal_clear().await.expect("cleared");
    close(store).await;
    close(bob.open().await).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_shared_is_encrypted_with_the_key_that_is_named() {
    let world = World::new().await;
    let ann = world.machine("ann@a");
    let place = SharedPlace { kms_key_id: Some("alias/state".to_owned()), ..ann.place() };
    let store = locked(&place, "infra apply", &ann.gateway()).await;
    let store = store.unwrap_or_else(|error| panic!("{}", told(error)));
    store.save(b"one").await.expect("saved");
    store.journal_append("plan").await.expect("appended");
    for object in ["", ".journal", ".lock"] {
        let request = request("HEAD", &format!("/shop/web.state{object}"), "");
        let answer = world.aws.exchange(world.now(), &request).answer.expect("an answer");
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert_eq!(header("x-amz-server-side-encryption").as_deref(), Some("aws:kms"));
        assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id").as_deref(), Some("alias/state"));
    }
    close(store).await;
}

#[tokio::test(start_paused = true)]
async fn damage_is_told_and_never_read() {
    let world = World::new().await;
    let ann = world.machine("ann@a");
    let store = ann.open().await;
    store.save(b"one").await.expect("saved");
    close(store).await;
    let _ = send(&world.aws, world.now(), "PUT", "/shop/web.state", "{}").await;
    let error = told(ann.locked().await.expect_err("it is damaged"));
    assert_eq!(error, "web.state in S3: its first line is not one that `infra` has written");
}
