//! Objects of one S3 bucket, written on conditions: where a state is kept that several share.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Builder};
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, ServerSideEncryption,
    VersioningConfiguration,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use infra_engine::provider::{FailureClass, ProviderError};

use crate::client::{https, in_process, network};
use crate::connector::{InProcess, Wire};
use crate::error::{failed, has_code};

/// Which bucket, and how it is reached.
#[derive(Clone)]
pub struct BucketOptions {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// The KMS key that objects are encrypted with; without one, the bucket's own setting holds.
    pub kms_key_id: Option<String>,
    /// Another endpoint than AWS's.
    pub endpoint: Option<String>,
    /// A model of AWS in this process.
    pub wire: Option<Wire>,
}

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    client: Client,
    name: String,
    kms_key_id: Option<String>,
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its ETag.
    pub tag: String,
    /// How long ago it was written, by S3's own clock, in whole seconds; zero if S3 does not tell.
    pub age: Duration,
}

/// What must hold for an object to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is none of its key yet.
    Absent,
    /// It has this ETag still.
    Is(String),
}

/// What has come of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is done; the new ETag.
    Written(String),
    /// The condition does not hold, or does not any more since an attempt whose answer was lost.
    Refused,
}

/// How long one tries before saying that S3 is out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Half a minute: there is no going on without.
    Long,
    /// A few seconds: it can be made up for later.
    Short,
}

/// Two writes of one key at once meet this, and may be tried again.
const CONFLICT: &str = "ConditionalRequestConflict";

impl Bucket {
    /// Finds credentials; calls nothing yet.
    pub async fn new(options: BucketOptions) -> Self {
        let (region, endpoint) = (Some(options.region.as_str()), options.endpoint.as_deref());
        let (config, http) = match &options.wire {
            Some(wire) => (in_process(region, endpoint), SharedHttpClient::new(InProcess(Arc::clone(wire)))),
            None => (network(region, endpoint).await, https()),
        };
        // Emulators have no name for each bucket.
        let is_emulated = options.wire.is_some() || config.endpoint_url().is_some();
        let config = Builder::from(&config).http_client(http).force_path_style(is_emulated);
        let config = config.retry_config(retries(4)).build();
        Self { client: Client::from_conf(config), name: options.name, kms_key_id: options.kms_key_id }
    }

    /// Reads an object; `None` if there is none.
    ///
    /// # Errors
    /// S3 is out of reach, or refuses.
    pub async fn get(&self, key: &str) -> Result<Option<Object>, ProviderError> {
        let answered = Answered::default();
        let call = self.client.get_object().bucket(&self.name).key(key);
        let answer = call.customize().interceptor(answered.clone()).send().await;
        let answer = match answer.map_err(failed("GetObject")) {
            Err(error) if has_code(&error, "NoSuchKey") => return Ok(None),
            answer => answer.map_err(|error| self.advised(error))?,
        };
        let age = answered.since(answer.last_modified());
        let tag = answer.e_tag().unwrap_or_default().to_owned();
        let bytes = answer.body.collect().await.map_err(|error| cut_off(&error))?;
        Ok(Some(Object { bytes: bytes.to_vec(), tag, age }))
    }

    /// Writes an object, if a condition holds.
    ///
    /// # Errors
    /// S3 is out of reach, or refuses for another reason. It may have been written all the same.
    pub async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Option<&Condition>,
        patience: Patience,
    ) -> Result<Put, ProviderError> {
        let mut pause = Duration::from_millis(100);
        for _ in 0..6 {
            match self.put_once(key, bytes, condition, patience).await {
                Err(error) if has_code(&error, CONFLICT) => tokio::time::sleep(pause).await,
                done => return done,
            }
            pause *= 2;
        }
        self.put_once(key, bytes, condition, patience).await
    }

    async fn put_once(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Option<&Condition>,
        patience: Patience,
    ) -> Result<Put, ProviderError> {
        let body = ByteStream::from(bytes.to_vec());
        let call = self.encrypted(self.client.put_object().bucket(&self.name).key(key).body(body));
        let call = match condition {
            None => call,
            Some(Condition::Absent) => call.if_none_match("*"),
            Some(Condition::Is(tag)) => call.if_match(tag),
        };
        let answer = match patience {
            Patience::Long => call.send().await,
            Patience::Short => call.customize().config_override(hasty()).send().await,
        };
        match answer.map_err(failed("PutObject")) {
            Ok(answer) => Ok(Put::Written(answer.e_tag().unwrap_or_default().to_owned())),
            Err(error) if has_code(&error, "PreconditionFailed") => Ok(Put::Refused),
            // What was to match has been deleted.
            Err(error) if has_code(&error, "NoSuchKey") => Ok(Put::Refused),
            Err(error) => Err(self.advised(error)),
        }
    }

    fn encrypted(&self, call: PutObjectFluentBuilder) -> PutObjectFluentBuilder {
        match &self.kms_key_id {
            Some(key) => call.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
            None => call,
        }
    }

    /// Makes the bucket, keeping versions, if there is none: for an AWS that is there for nothing else.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn ensure(&self) -> Result<(), ProviderError> {
        match self.is_versioned().await {
            Err(error) if has_code(&error, "NoSuchBucket") => {}
            known => return known.map(drop),
        }
        let create = self.client.create_bucket().bucket(&self.name);
        let region = self.client.config().region().map(ToString::to_string);
        let place = region.filter(|region| region != "us-east-1").map(|region| {
            let at = BucketLocationConstraint::from(region.as_str());
            CreateBucketConfiguration::builder().location_constraint(at).build()
        });
        create.set_create_bucket_configuration(place).send().await.map_err(failed("CreateBucket"))?;
        let keeps = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = self.client.put_bucket_versioning().bucket(&self.name).versioning_configuration(keeps);
        put.send().await.map(drop).map_err(failed("PutBucketVersioning"))
    }

    /// Whether former versions of objects are kept.
    ///
    /// # Errors
    /// S3 is out of reach, or does not let us know.
    pub async fn is_versioned(&self) -> Result<bool, ProviderError> {
        let answer = self.client.get_bucket_versioning().bucket(&self.name).send().await;
        let answer = answer.map_err(failed("GetBucketVersioning"))?;
        Ok(answer.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// With the next step, where we know a better one than for AWS at large.
    fn advised(&self, error: ProviderError) -> ProviderError {
        let name = &self.name;
        let hint = match error.code.as_deref() {
            Some("NoSuchBucket") => Some(format!(
                "make it first, and let it keep versions: `aws s3api create-bucket --bucket {name}`, then `aws s3api \
                 put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled`"
            )),
            Some("AccessDenied") => Some(format!(
                "whoever shares the state needs s3:ListBucket on {name}, s3:GetObject and s3:PutObject on what is in \
                 it, and with `kms_key_id` also kms:Decrypt and kms:GenerateDataKey"
            )),
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed") => {
                Some("the bucket is in another region: write it into the `backend` block".to_owned())
            }
            _ => error.hint.clone(),
        };
        ProviderError { hint, ..error }
    }
}

fn retries(attempts: u32) -> RetryConfig {
    RetryConfig::standard().with_max_attempts(attempts).with_max_backoff(Duration::from_secs(2))
}

/// Whoever would go on without S3 should not wait for it long.
fn hasty() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(4))
        .build();
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .retry_config(retries(2))
        .timeout_config(timeouts)
}

fn cut_off(error: &dyn std::error::Error) -> ProviderError {
    ProviderError {
        class: FailureClass::Unreachable,
        operation: "GetObject".to_owned(),
        code: None,
        message: format!("the answer was cut off: {error}"),
        request_id: None,
        hint: None,
    }
}

/// What time it was for S3 when it answered: the answer's own `Date`.
#[derive(Debug, Clone, Default)]
struct Answered(Arc<Mutex<Option<DateTime>>>);

impl Answered {
    fn since(&self, earlier: Option<&DateTime>) -> Duration {
        let then = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = then.zip(earlier).map_or(0, |(then, earlier)| then.secs() - earlier.secs());
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }
}

impl Intercept for Answered {
    fn name(&self) -> &'static str {
        "Answered"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
