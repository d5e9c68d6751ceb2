//! One set of clients for everything: one retry policy, one rate policy, one count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_http_client::{Builder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use infra_engine::provider::{FailureClass, ProviderError};
use infra_lang::inputs::Files;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::autoscaling_group::memory::Memory;
use crate::connector::{Calls, Counter, InProcess, Metered, Rates, Wire};
use crate::doubt::NeverBlindly;
use crate::error::failed;
use crate::limiter::Rate;
use crate::survey::{Tape, Taped};
use crate::transport::Transports;

/// How AWS is reached, and with whose help.
#[derive(Clone)]
pub struct Options {
    /// The region, the project's; without one, the environment's or the profile's.
    pub region: Option<String>,
    /// Another endpoint for every service; `AWS_ENDPOINT_URL` is honoured without it.
    pub endpoint: Option<String>,
    /// A model of AWS in this process; with it, nothing goes over the network and no credentials are needed.
    pub wire: Option<Wire>,
    /// The files of the project, for what is uploaded to builders.
    pub files: Arc<dyn Files + Send + Sync>,
    /// How builders are reached.
    pub transports: Arc<dyn Transports>,
    /// The project's name: the tag `infra:project`.
    pub project: String,
}

/// AWS, and what is needed to work with it.
pub struct Aws {
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// EC2 Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Classic load balancing.
    pub elb: aws_sdk_elasticloadbalancing::Client,
    /// Route53.
    pub route53: aws_sdk_route53::Client,
    /// Who we are.
    pub sts: aws_sdk_sts::Client,
    /// The region of everything but Route53.
    pub region: String,
    /// The project's name.
    pub project: String,
    /// The files of the project.
    pub files: Arc<dyn Files + Send + Sync>,
    /// How builders are reached.
    pub transport: Arc<dyn Transports>,
    /// What running steps of a swap remember between two looks.
    pub(crate) memory: Memory,
    /// The names of hosted zones that have been asked for, by id.
    pub(crate) zone_names: Mutex<BTreeMap<String, String>>,
    /// Keeps what AWS says while somebody surveys it.
    pub(crate) tape: Tape,
    account: OnceCell<String>,
    counter: Arc<Counter>,
}

/// The documented rates: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>.
const EC2: Rates =
    Rates { reads: Rate { burst: 100.0, rate: 20.0 }, writes: Rate { burst: 50.0, rate: 5.0 } };
/// The same page's for classic load balancing.
const ELB: Rates = Rates { reads: Rate { burst: 40.0, rate: 10.0 }, writes: Rate { burst: 20.0, rate: 3.0 } };
/// Auto Scaling's are not published; all calls of an account share them.
const AUTOSCALING: Rate = Rate { burst: 20.0, rate: 10.0 };
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>: five per second and account.
const ROUTE53: Rate = Rate { burst: 5.0, rate: 5.0 };
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>: nine calls a second of
/// `DescribeAlarms`, three of `PutMetricAlarm` and of `DeleteAlarms`.
const CLOUDWATCH: Rates =
    Rates { reads: Rate { burst: 9.0, rate: 9.0 }, writes: Rate { burst: 3.0, rate: 3.0 } };
const STS: Rate = Rate { burst: 20.0, rate: 10.0 };

/// A client that does not send writes again blindly. Each crate of the SDK has types of its own for the same.
macro_rules! careful {
    ($sdk:ident, $config:expr) => {
        $sdk::Client::from_conf($sdk::config::Builder::from(&$config).retry_classifier(NeverBlindly).build())
    };
}

impl Aws {
    /// Finds credentials and region and makes the clients; calls nothing yet.
    ///
    /// # Errors
    /// Permanent if no region is known.
    pub async fn new(options: Options) -> Result<Self, ProviderError> {
        let (asked, endpoint) = (options.region.as_deref(), options.endpoint.as_deref());
        let (config, http) = match &options.wire {
            Some(wire) => (in_process(asked, endpoint), SharedHttpClient::new(InProcess(Arc::clone(wire)))),
            None => (network(asked, endpoint).await, https()),
        };
        let region = config.region().map(ToString::to_string).ok_or_else(no_region)?;
        Ok(Self::with(&config, &http, region, options))
    }

    fn with(config: &SdkConfig, http: &SharedHttpClient, region: String, options: Options) -> Self {
        let (counter, tape) = (Arc::new(Counter::default()), Tape::default());
        let http = Taped::client(http.clone(), tape.clone());
        let apart = |rates| Metered::new(http.clone(), Arc::clone(&counter), rates);
        let together = |rate| Metered::together(http.clone(), Arc::clone(&counter), rate);
        let with = |http: Metered| config.to_builder().http_client(http).build();
        Self {
            ec2: careful!(aws_sdk_ec2, with(apart(EC2))),
            autoscaling: careful!(aws_sdk_autoscaling, with(together(AUTOSCALING))),
            cloudwatch: careful!(aws_sdk_cloudwatch, with(apart(CLOUDWATCH))),
            elb: careful!(aws_sdk_elasticloadbalancing, with(apart(ELB))),
            route53: careful!(aws_sdk_route53, with(together(ROUTE53))),
            sts: aws_sdk_sts::Client::new(&with(together(STS))),
            region,
            project: options.project,
            files: options.files,
            transport: options.transports,
            memory: Memory::default(),
            zone_names: Mutex::default(),
            tape,
            account: OnceCell::new(),
            counter,
        }
    }

    /// What time it is, by the clock that requests are signed with.
    pub(crate) fn now(&self) -> SystemTime {
        self.autoscaling.config().time_source().map_or_else(SystemTime::now, |clock| clock.now())
    }

    /// How many calls have been made so far.
    pub fn calls(&self) -> Calls {
        self.counter.calls()
    }

    /// The account the credentials belong to; asked once.
    ///
    /// # Errors
    /// What `GetCallerIdentity` answers: wrong or no credentials, or AWS out of reach.
    pub async fn account(&self) -> Result<&str, ProviderError> {
        let account = self.account.get_or_try_init(|| async {
            // The first call of a run: who cannot be reached or is not let in should hear of it soon.
            let hasty = aws_sdk_sts::config::Builder::new()
                .retry_config(RetryConfig::standard().with_max_attempts(3));
            let call = self.sts.get_caller_identity().customize().config_override(hasty);
            let answer = call.send().await.map_err(failed("GetCallerIdentity"))?;
            Ok(answer.account.unwrap_or_default())
        });
        account.await.map(String::as_str)
    }
}

/// One retry policy: the SDK's standard one, with more patience than its three attempts.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(8).with_max_backoff(Duration::from_secs(20))
}

/// A broken connection is noticed; a slow answer is waited for.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(60))
        .build()
}

/// The ordinary chain of credentials and settings.
pub(crate) async fn network(region: Option<&str>, endpoint: Option<&str>) -> SdkConfig {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).retry_config(retries()).timeout_config(timeouts());
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    loader.load().await
}

/// No environment, no files: fixed credentials, and tokio's clock, which may be a paused one.
pub(crate) fn in_process(region: Option<&str>, endpoint: Option<&str>) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "embedded AWS");
    let endpoint = endpoint.unwrap_or("http://aws.local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.map(|region| Region::new(region.to_owned())))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::no_cache())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(TokioClock::now()))
        .disable_clock_skew_correction(true)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retries())
        .timeout_config(TimeoutConfig::disabled())
        .build()
}

/// The same HTTPS client that the SDK makes by itself; ours to wrap.
pub(crate) fn https() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = aws_smithy_http_client::Connector::builder().tls_provider(provider);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

/// The time of day, moving with tokio's clock.
#[derive(Debug)]
struct TokioClock {
    origin: SystemTime,
    since: Instant,
}

impl TokioClock {
    fn now() -> Self {
        Self { origin: SystemTime::now(), since: Instant::now() }
    }
}

impl TimeSource for TokioClock {
    fn now(&self) -> SystemTime {
        self.origin + self.since.elapsed()
    }
}

fn no_region() -> ProviderError {
    ProviderError {
        class: FailureClass::Permanent,
        operation: "choosing the region".to_owned(),
        code: None,
        message: "no region is known".to_owned(),
        request_id: None,
        hint: Some("write `region = \"us-east-1\"` in the `project` block, or set AWS_REGION".to_owned()),
    }
}
