//! The handle on a modelled AWS.

mod asked;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::cloud::Cloud;
use crate::ec2::fleet;
use crate::fault::{Effect, Fault, Heard, internal_error, throttled};
use crate::model::behaviour::{Behaviour, Rule};
use crate::model::{Model, Time};
use crate::service::{Access, Call, Context, Service};
use crate::throttle::draws;
use crate::timing::TimeModel;
use crate::wire::{ApiError, Protocol, Reply, failure};
use asked::{Asked, read, request_id, response, who};

/// How a cloud starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Two clouds with the same seed deal out the same ids and delays.
    pub seed: u64,
    /// How long things take.
    pub timing: TimeModel,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, timing: TimeModel::aws_like() }
    }
}

/// How often each operation was asked for, by service, operation and access.
pub type Calls = BTreeMap<(String, String, Access), u64>;

/// Called with the cloud after each request that may have changed it, before the answer goes out, one call at
/// a time. An error becomes an `InternalError` answer, so that a client never believes in a change that was
/// not kept.
pub type WriteHook = Arc<dyn Fn(&Cloud) -> io::Result<()> + Send + Sync>;

/// A snapshot that is not one.
#[derive(Debug, thiserror::Error)]
#[error("the snapshot cannot be read: {0}; it was cut short, or written by another version")]
pub struct RestoreError(#[from] serde_json::Error);

/// What comes of a request.
#[derive(Debug)]
pub struct Exchange {
    /// The answer; an error if the connection is lost instead.
    pub answer: io::Result<Response<Bytes>>,
    /// How long that takes, on the model's clock.
    pub delay: Duration,
}

/// A modelled AWS. Clones share it.
#[derive(Clone)]
pub struct LocalAws {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    cloud: Cloud,
    calls: Calls,
    done: Calls,
    requests: u64,
    after_write: Option<WriteHook>,
}

impl LocalAws {
    /// An empty cloud.
    pub fn new(options: Options) -> Self {
        Self::of(Cloud::new(options.seed, options.timing))
    }

    /// The cloud of a snapshot, exactly as it was, whatever it was going to do next included.
    ///
    /// # Errors
    /// The text is not a snapshot.
    pub fn restore(snapshot: &str) -> Result<Self, RestoreError> {
        Ok(Self::of(serde_json::from_str(snapshot)?))
    }

    pub(crate) fn of(cloud: Cloud) -> Self {
        let shared =
            Shared { cloud, calls: Calls::new(), done: Calls::new(), requests: 0, after_write: None };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// A cloud like this one that goes its own way from now on; see [`Cloud::unsuspecting`].
    pub fn fork(&self, seed: u64) -> Self {
        Self::of(self.lock().cloud.unsuspecting(seed))
    }

    /// The cloud as JSON. Call counts are not part of it.
    pub fn snapshot(&self) -> String {
        serde_json::to_string(&self.lock().cloud).expect("a cloud is plain data with text keys")
    }

    /// The latest moment the cloud has reached; `None` as long as nobody has asked for anything.
    pub fn now(&self) -> Option<Time> {
        self.lock().cloud.now()
    }

    /// Sets what is called after each write; see [`WriteHook`].
    pub fn after_write(&self, hook: WriteHook) {
        self.lock().after_write = Some(hook);
    }

    /// Lets something go wrong from `now` on, in every account and region; see [`Fault`]. Faults are part of
    /// snapshots until they have worn off.
    pub fn inject(&self, now: Time, fault: impl Into<Fault>) {
        self.lock().cloud.inject(now, fault.into());
    }

    /// What has yet to go wrong, as seen at `now`.
    pub fn faults(&self, now: Time) -> Vec<Fault> {
        self.lock().cloud.faults().rest(now)
    }

    /// Forgets what has yet to go wrong.
    pub fn clear_faults(&self) {
        self.lock().cloud.clear_faults();
    }

    /// Says how instances of images turn out whose id or name fits a pattern (`*` any text, `?` any character), in
    /// every account and region. What was said last comes first; running instances stay as they are.
    pub fn behave(&self, images: &str, behaviour: Behaviour) {
        self.lock().cloud.behave(&Rule { images: images.to_owned(), behaviour });
    }

    /// How often each operation was asked for since this handle was made.
    pub fn calls(&self) -> Calls {
        self.lock().calls.clone()
    }

    /// How often each operation was carried out, whether or not anybody was told, since this handle was made.
    pub fn done(&self) -> Calls {
        self.lock().done.clone()
    }

    /// Looks at, or tampers with, the model of an account in a region at `now`. For rehearsal and tests.
    pub fn with_model<T>(
        &self,
        account: &str,
        region: &str,
        now: Time,
        look: impl FnOnce(&mut Model) -> T,
    ) -> T {
        look(self.lock().cloud.model(account, region, now))
    }

    /// Looks at the whole cloud at `now`.
    pub fn with_cloud<T>(&self, now: Time, look: impl FnOnce(&Cloud) -> T) -> T {
        let mut shared = self.lock();
        shared.cloud.advance(now);
        look(&shared.cloud)
    }

    /// Answers one request at `now`: lets everything happen that was due by then, then carries the request
    /// out.
    ///
    /// Nothing is refused by panicking or by silence; what cannot even be attributed to a service gets
    /// `MissingAuthenticationToken`. Where a fault wants the connection lost, this says `InternalError`; see
    /// [`LocalAws::exchange`].
    pub fn handle(&self, now: Time, request: &Request<Bytes>) -> Response<Bytes> {
        let method = request.method();
        let lost = |_| response(method, failure(Protocol::Query, "", "", &internal_error()), "");
        self.exchange(now, request).answer.unwrap_or_else(lost)
    }

    /// As [`LocalAws::handle`], for a client whose connection can be lost and who can wait.
    pub fn exchange(&self, now: Time, request: &Request<Bytes>) -> Exchange {
        let mut shared = self.lock();
        shared.requests += 1;
        let request_id = request_id(shared.requests, now);
        let (reply, delay) = match who(request) {
            Ok((service, identity)) => {
                shared.answer(&Asked { now, request_id: &request_id, service, identity: &identity }, request)
            }
            Err(error) => (Some(failure(Protocol::Query, "", &request_id, &error)), Duration::ZERO),
        };
        drop(shared);
        let answer = reply.map(|reply| response(request.method(), reply, &request_id));
        Exchange { answer: answer.ok_or_else(|| io::ErrorKind::ConnectionReset.into()), delay }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A handler that panicked has left the model as it was at that point, which is still the best there
        // is.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LocalAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAws").finish_non_exhaustive()
    }
}

impl Shared {
    /// The answer, if one arrives, and how long it takes.
    fn answer(&mut self, asked: &Asked<'_>, request: &Request<Bytes>) -> (Option<Reply>, Duration) {
        let service = asked.service;
        let protocol = service.protocol(request.headers());
        let refuse = |error: &ApiError| Some(service.refuse(protocol, asked.request_id, error));
        let call = match read(service, protocol, request) {
            Ok(call) => call,
            Err(error) => return (refuse(&error), Duration::ZERO),
        };
        let service = service.meant(&call);
        let asked = &Asked { service, ..*asked };
        let (action, access) = (call.action(), call.access());
        let struck = self.cloud.faults().strike(asked.now, service.name(), &action);
        let deliveries = if matches!(struck, Some(Effect::Twice(_))) { 2 } else { 1 };
        *self.calls.entry((service.name().to_owned(), action, access)).or_default() += deliveries;
        let reply = match &struck {
            Some(Effect::Drop) => None,
            Some(Effect::Refuse(error)) => refuse(error),
            Some(Effect::Throttle) => refuse(&throttled(service)),
            Some(Effect::Twice(heard)) => Some(self.carry_out_twice(asked, &call, *heard)),
            Some(Effect::Stale(lag)) => Some(self.carry_out(asked, &call, Some(*lag))),
            None if self.exceeds(asked, &call) => refuse(&throttled(service)),
            Some(Effect::LoseAnswer | Effect::Cut | Effect::Delay(_)) | None => {
                Some(self.carry_out(asked, &call, None))
            }
        };
        let reply = match (self.keep(access == Access::Write || struck.is_some()), &struck) {
            (Err(error), _) => refuse(&error),
            (Ok(()), Some(Effect::LoseAnswer)) => refuse(&internal_error()),
            (Ok(()), Some(Effect::Cut)) => None,
            (Ok(()), _) => reply,
        };
        (reply, struck.map(delay).unwrap_or_default())
    }

    /// Whether a request is one too many for its class.
    fn exceeds(&mut self, asked: &Asked<'_>, call: &Call) -> bool {
        let (account, region) = asked.place();
        let model = self.cloud.model(account, &region, asked.now);
        let draws = draws(asked.service, call);
        !model.buckets.take(asked.now, &model.timing.rates, &draws)
    }

    /// Both deliveries are carried out, one after the other.
    fn carry_out_twice(&mut self, asked: &Asked<'_>, call: &Call, heard: Heard) -> Reply {
        let first = self.carry_out(asked, call, None);
        let second = self.carry_out(asked, call, None);
        match heard {
            Heard::First => first,
            Heard::Second => second,
        }
    }

    fn carry_out(&mut self, asked: &Asked<'_>, call: &Call, lag: Option<Duration>) -> Reply {
        let reply = self.replied(asked, call, lag);
        if reply.status < 400 {
            let operation = (asked.service.name().to_owned(), call.action(), call.access());
            *self.done.entry(operation).or_default() += 1;
        }
        reply
    }

    /// A read can lag behind the writes of a while; a write never does.
    fn replied(&mut self, asked: &Asked<'_>, call: &Call, lag: Option<Duration>) -> Reply {
        let (now, (account, region)) = (asked.now, asked.place());
        let foreign_image = call
            .foreign_image(&region)
            .and_then(|(region, id)| fleet::image(self.cloud.model(account, region, now), id).cloned());
        let access_key = asked.identity.access_key.clone();
        let context = Context {
            request_id: asked.request_id.to_owned(),
            access_key,
            region: asked.identity.region.clone(),
            foreign_image,
        };
        self.cloud.model(account, &region, now);
        if call.access() == Access::Write {
            self.cloud.before_write(account, &region);
        } else if let Some(mut past) = lag.and_then(|lag| self.cloud.stale(account, &region, now, lag)) {
            return asked.service.answer(&mut past, &context, call);
        }
        let reply = asked.service.answer(self.cloud.model(account, &region, now), &context, call);
        match asked.service {
            Service::Iam if call.access() == Access::Write => self.cloud.share_iam(account),
            Service::Route53 if call.access() == Access::Write => {
                self.cloud.publish(account, &region, now);
            }
            _ => {}
        }
        reply
    }

    /// Has a change kept; a fault that has struck is one.
    fn keep(&self, changed: bool) -> Result<(), ApiError> {
        match (&self.after_write, changed) {
            (Some(hook), true) => hook(&self.cloud).map_err(|error| {
                ApiError::new("InternalError", format!("the model could not be saved: {error}"))
                    .with_status(500)
            }),
            _ => Ok(()),
        }
    }
}

fn delay(struck: Effect) -> Duration {
    match struck {
        Effect::Delay(delay) => delay,
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::testing::{START, at, call, fast, outcome};

    #[test]
    fn an_access_key_of_twelve_digits_is_an_account_of_its_own() {
        let aws = fast();
        let whoami = |key: &str, region: &str| {
            let scope =
                format!("AWS4-HMAC-SHA256 Credential={key}/20261121/{region}/sts/aws4_request, Signature=0");
            let request = Request::post("/").header("authorization", scope);
            let request =
                request.body(Bytes::from_static(b"Action=GetCallerIdentity")).expect("a literal request");
            String::from_utf8_lossy(aws.handle(START, &request).body()).into_owned()
        };
        insta::assert_snapshot!(whoami("210987654321", "eu-west-1"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::210987654321:user/local</Arn><UserId>AIDALOCALAWSUSER00000</UserId><Account>210987654321</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>00000001-0000-4000-a000-01a1fce79d80</RequestId></ResponseMetadata></GetCallerIdentityResponse>
        "#);
        assert!(whoami("AKIAIOSFODNN7EXAMPLE", "eu-west-1").contains("<Account>123456789012</Account>"));
    }

    #[test]
    fn refusals_of_query_services_have_their_own_shape() {
        let (status, body) = call(&fast(), START, "sts", "Action=Nonsense");
        assert_eq!(status, 400);
        insta::assert_snapshot!(body, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>The action Nonsense is not valid for this web service.</Message></Error><RequestId>00000001-0000-4000-a000-01a1fce79d80</RequestId></ErrorResponse>
        "#);
    }

    #[test]
    fn what_cannot_be_attributed_to_a_service_is_refused() {
        let aws = fast();
        assert_eq!(outcome(&call(&aws, START, "sqs", "Action=ListQueues")), "UnknownService 404");
        let bare =
            Request::post("/").body(Bytes::from_static(b"Action=ListQueues")).expect("a literal request");
        assert_eq!(aws.handle(START, &bare).status(), 403);
        let mut latin = Request::post("http://ec2.us-east-1.amazonaws.com/");
        latin = latin.header("x-amz-date", "20261121T070000Z");
        let latin = latin.body(Bytes::from_static(b"Action=\xff")).expect("a literal request");
        assert_eq!(aws.handle(START, &latin).status(), 400);
    }

    #[test]
    fn calls_are_counted_by_service_action_and_access() {
        let aws = fast();
        for form in ["Action=DescribeVpcs", "Action=DescribeVpcs", "Action=CreateInternetGateway"] {
            call(&aws, START, "ec2", form);
        }
        let line = |((service, action, access), count)| format!("{service} {action} {access:?} {count}");
        let calls: Vec<String> = aws.calls().into_iter().map(line).collect();
        insta::assert_snapshot!(calls.join("\n"), @"
        ec2 CreateInternetGateway Write 1
        ec2 DescribeVpcs Read 2
        ");
        assert_eq!(aws.done(), aws.calls());
        call(&aws, START, "ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/8");
        assert_eq!((aws.calls().len(), aws.done().len()), (3, 2), "what is refused is not done");
    }

    #[test]
    fn every_write_is_kept_before_it_is_answered() {
        let aws = fast();
        let kept = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&kept);
        aws.after_write(Arc::new(move |cloud| match count.fetch_add(1, Ordering::SeqCst) {
            0 => serde_json::to_writer(io::sink(), cloud).map_err(io::Error::from),
            _ => Err(io::Error::other("disk full")),
        }));
        let write = "Action=CreateInternetGateway";
        assert_eq!(outcome(&call(&aws, START, "ec2", write)), "200");
        assert_eq!(outcome(&call(&aws, at(1), "ec2", "Action=DescribeVpcs")), "200");
        assert_eq!(kept.load(Ordering::SeqCst), 1);
        assert_eq!(outcome(&call(&aws, at(2), "ec2", write)), "InternalError 500");
    }

    #[test]
    fn a_snapshot_that_was_cut_short_is_refused() {
        let text = fast().snapshot();
        assert!(LocalAws::restore(&text).is_ok());
        assert!(LocalAws::restore(&text[..text.len() - 1]).is_err());
    }
}
