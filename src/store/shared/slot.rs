//! One object of a shared state, written only if it is still as we know it.

use std::sync::Arc;

use infra_aws::bucket::{Bucket, Condition, Patience, Put};
use infra_engine::fence::{self, Fence};
use infra_engine::provider::ProviderError;
use infra_engine::store::StoreError;

use super::{out_of_reach, readable};

/// An object with a fence before its content. One that is there with no content stands for nothing, like one that is
/// not there.
#[derive(Debug)]
pub struct Slot {
    bucket: Arc<Bucket>,
    key: String,
    /// The ETag it had when it was last read or written; none if there was no object.
    tag: Option<String>,
    /// What was in it then.
    pub body: Vec<u8>,
}

/// Why an object was not written.
#[derive(Debug)]
pub enum Unwritten {
    /// Somebody else has written it.
    Taken,
    /// It is gone, or something else stands there.
    Broken(StoreError),
    /// S3 is out of reach, or refuses.
    Provider(ProviderError),
}

impl Slot {
    /// Reads an object.
    ///
    /// # Errors
    /// S3 is out of reach, or what is there is none of ours.
    pub async fn read(bucket: &Arc<Bucket>, key: String) -> Result<Self, StoreError> {
        let object = bucket.get(&key).await.map_err(|error| out_of_reach(&key, &error))?;
        let (tag, body) = match object {
            None => (None, Vec::new()),
            Some(object) => {
                let (_, body) = fence::unwrap(&object.bytes).map_err(|error| readable(&key, &error))?;
                (Some(object.tag), body.to_vec())
            }
        };
        Ok(Self { bucket: Arc::clone(bucket), key, tag, body })
    }

    /// Its content, if it has any.
    pub fn content(&self) -> Option<Vec<u8>> {
        (!self.body.is_empty()).then(|| self.body.clone())
    }

    /// Writes it under a fence that no write had before.
    pub async fn write(&mut self, fence: &Fence, body: &[u8], patience: Patience) -> Result<(), Unwritten> {
        let bytes = fence::wrap(fence, body);
        for _ in 0..3 {
            let condition = self.tag.clone().map_or(Condition::Absent, Condition::Is);
            let put = self.bucket.put(&self.key, &bytes, Some(&condition), patience).await;
            if let Put::Written(tag) = put.map_err(Unwritten::Provider)? {
                (self.tag, self.body) = (Some(tag), body.to_vec());
                return Ok(());
            }
            if self.look_again(fence, &bytes).await? {
                self.body = body.to_vec();
                return Ok(());
            }
        }
        Err(Unwritten::Taken)
    }

    /// After a refusal: whether it was written all the same, and the answer was lost. What an earlier write of ours
    /// left, whose answer was lost too, may be written over.
    async fn look_again(&mut self, fence: &Fence, bytes: &[u8]) -> Result<bool, Unwritten> {
        let found = self.bucket.get(&self.key).await.map_err(Unwritten::Provider)?;
        let Some(found) = found else {
            let gone =
                StoreError::new(format!("{} was there and is gone: somebody has deleted it", self.key));
            let hint = "restore a former version of the object, then run the command again";
            return Err(Unwritten::Broken(gone.hint(hint)));
        };
        let other = fence::unwrap(&found.bytes);
        let (by, _) = other.map_err(|error| Unwritten::Broken(readable(&self.key, &error)))?;
        if by.token != fence.token {
            return Err(Unwritten::Taken);
        }
        self.tag = Some(found.tag);
        Ok(found.bytes == bytes)
    }

    /// Writes what is in it anew, until it is certain that nobody who holds an older token can write it any more.
    ///
    /// # Errors
    /// S3 is out of reach, or somebody has taken the lease over from us meanwhile.
    pub async fn fence_off(&mut self, fence: &Fence) -> Result<(), Unwritten> {
        for _ in 0..20 {
            let body = self.body.clone();
            match self.write(fence, &body, Patience::Long).await {
                Err(Unwritten::Taken) => {}
                done => return done,
            }
            let read = Self::read(&self.bucket, self.key.clone()).await;
            *self = read.map_err(Unwritten::Broken)?;
        }
        Err(Unwritten::Taken)
    }
}
