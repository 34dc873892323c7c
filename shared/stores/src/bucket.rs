//! An S3 bucket.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::Credentials,
    error::SdkError,
    operation::{get_object::GetObjectError, head_object::HeadObjectOutput},
    presigning::PresigningConfig,
    primitives::ByteStream,
};

use kernel::sha256;

use crate::{Aws, StoreError};

/// A bucket and the client to reach it with.
#[derive(Clone)]
pub struct Bucket {
    /// For calls that have no method here.
    pub client: Client,
    /// The bucket's name.
    pub name: String,
}

impl Bucket {
    /// Without I/O.
    pub fn new(aws: &Aws, name: String) -> Self {
        let config = aws_sdk_s3::config::Builder::from(aws.config()).force_path_style(aws.path_style()).build();
        Self { client: Client::from_conf(config), name }
    }

    /// The same bucket behind somebody who shares a secret with us: what is presigned leads to that endpoint, and only it can tell whether it holds.
    pub fn behind(&self, endpoint: &str, secret: &str) -> Self {
        let credentials = Credentials::new("edge", secret, None, None, "edge");
        let config = self.client.config().to_builder().endpoint_url(endpoint).credentials_provider(credentials).build();
        Self { client: Client::from_conf(config), name: self.name.clone() }
    }

    /// The object's bytes; `None` when there is no such object.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(object) => {
                let body = object.body.collect().await.map_err(|error| StoreError::new("s3", error))?;
                Ok(Some(body.into_bytes().to_vec()))
            }
            Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => Ok(None),
            Err(error) => Err(StoreError::new("s3", error)),
        }
    }

    /// Size, ETag and the like; `None` when there is no such object.
    pub async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, StoreError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(head) => Ok(Some(head)),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => Ok(None),
            Err(error) => Err(StoreError::new("s3", error)),
        }
    }

    /// Writes an object with its type and, if given, `Cache-Control`.
    pub async fn put(
        &self,
        key: &str,
        body: impl Into<ByteStream>,
        content_type: &str,
        cache_control: Option<&str>,
    ) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .body(body.into())
            .content_type(content_type)
            .set_cache_control(cache_control.map(str::to_owned))
            .send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("s3", error))
    }

    /// Deletes an object; none under the key is fine.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_object().bucket(&self.name).key(key);
        delete.send().await.map(drop).map_err(|error| StoreError::new("s3", error))
    }

    /// Deletes every object whose key begins with `prefix`, a thousand at most.
    pub async fn delete_below(&self, prefix: &str) -> Result<(), StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let listed = list.send().await.map_err(|error| StoreError::new("s3", error))?;
        for key in listed.contents().iter().filter_map(|object| object.key()) {
            self.delete(key).await?;
        }
        Ok(())
    }

    /// Keeps a record that can never be applied, with the reason as metadata. The key is a digest of the record: a repetition makes no second copy.
    pub async fn put_dead_letter(&self, source: &str, record: Vec<u8>, reason: &str) -> Result<(), StoreError> {
        let key = format!("{source}/{}", hex::encode(sha256(&record)));
        // Metadata travels in a header: printable ASCII, at most 2 KiB.
        let reason: String = reason.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(1000).collect();
        let request =
            self.client.put_object().bucket(&self.name).key(key).body(record.into()).metadata("reason", reason);
        request.send().await.map(drop).map_err(|error| StoreError::new("s3", error))
    }

    /// A URL that reads the object (of one version, if given) until it expires.
    pub async fn presign_get(
        &self,
        key: &str,
        version: Option<&str>,
        expires_in: Duration,
    ) -> Result<String, StoreError> {
        let expiry = PresigningConfig::expires_in(expires_in).map_err(|error| StoreError::new("s3", error))?;
        let request = self.client.get_object().bucket(&self.name).key(key).set_version_id(version.map(str::to_owned));
        let signed = request.presigned(expiry).await.map_err(|error| StoreError::new("s3", error))?;
        Ok(signed.uri().to_owned())
    }
}
