//! Bucket `uploads`, `captions/` → WebVTT, however often and in whatever order S3 tells of a file.

use events::{Consumer, Deadline, Outcome};
use kernel::{TitleId, UploadId, World};
use runtime::{Access, S3Object};
use stores::{
    Bucket, StoreError, Table,
    aws_sdk_s3::{error::SdkError, operation::get_object::GetObjectError},
};

use crate::{
    captions::{
        convert::{self, MOST_BYTES},
        language::Language,
        refusal::Refusal,
        title::TitleCaptions,
        track::{Offered, of_key, source_key, webvtt_key},
    },
    pipeline::films::Films,
    store::{self, MOST_CONFLICTS, TooManyConflicts},
    uploads::parts,
};

runtime::wire! {
    pub struct ConvertCaptions {
        table: Table = |boot| boot.table("assets", Access::ReadWrite),
        uploads: Bucket = |boot| boot.bucket("uploads", Access::ReadWrite),
        films: Films = |boot| Films::wire(boot, Access::Write),
        world: World,
    }
}

impl Consumer<S3Object> for ConvertCaptions {
    async fn consume(&self, object: S3Object, _: &Deadline) -> Outcome {
        let Some((title, upload)) = of_key(&object.key) else {
            tracing::warn!(key = object.key, "nobody announced these captions");
            return Outcome::Done;
        };
        match self.take(title, upload).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

/// The newest version of a file.
struct Source {
    identity: String,
    /// `None` when there are too many.
    bytes: Option<Vec<u8>>,
}

impl ConvertCaptions {
    /// A notification says only that there is something to look at. The item is read before the file and written as it was read: whoever
    /// writes has seen the newest version, or somebody else has changed the item and it is looked at once more.
    async fn take(&self, title: TitleId, upload: UploadId) -> Result<(), StoreError> {
        let mut stored: Vec<String> = Vec::new();
        for _ in 0..MOST_CONFLICTS {
            let Some(captions) = store::captions::find(&self.table, title).await? else {
                // The title is gone, and whoever removed it may not have seen this.
                parts::remove_all(&self.uploads, &source_key(title, upload)).await?;
                return self.drop_unused(&stored, None).await;
            };
            let Some(source) = self.read(title, upload).await? else {
                return self.drop_unused(&stored, Some(&captions)).await;
            };
            let Some(name) = captions.waiting(upload, &source.identity) else {
                return self.drop_unused(&stored, Some(&captions)).await;
            };
            let result = self.convert(title, upload, &name.language, source.bytes, &mut stored).await?;
            let next = captions.converted(upload, &source.identity, result, self.world.now());
            if store::captions::put(&self.table, &next).await? {
                return self.drop_unused(&stored, Some(&next)).await;
            }
        }
        Err(TooManyConflicts(source_key(title, upload)).into())
    }

    async fn read(&self, title: TitleId, upload: UploadId) -> Result<Option<Source>, StoreError> {
        let get = self.uploads.client.get_object().bucket(&self.uploads.name).key(source_key(title, upload));
        let object = match get.send().await {
            Ok(object) => object,
            Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::new("s3", error)),
        };
        let version = object.version_id.filter(|version| version != "null");
        let identity = version.or(object.e_tag).unwrap_or_default();
        let is_small =
            object.content_length.and_then(|size| u64::try_from(size).ok()).is_some_and(|size| size <= MOST_BYTES);
        if !is_small {
            return Ok(Some(Source { identity, bytes: None }));
        }
        let bytes = object.body.collect().await.map_err(|error| StoreError::new("s3", error))?;
        Ok(Some(Source { identity, bytes: Some(bytes.to_vec()) }))
    }

    async fn convert(
        &self,
        title: TitleId,
        upload: UploadId,
        language: &Language,
        bytes: Option<Vec<u8>>,
        stored: &mut Vec<String>,
    ) -> Result<Result<Offered, Refusal>, StoreError> {
        let converted = bytes.ok_or_else(convert::too_large).and_then(|bytes| convert::convert(&bytes, language));
        let converted = match converted {
            Ok(converted) => converted,
            Err(refusal) => {
                tracing::info!(title_id = %title, code = refusal.code, line = refusal.line, "captions refused");
                return Ok(Err(refusal));
            }
        };
        let key = webvtt_key(title, upload, &converted.text);
        self.films.store_captions(&key, converted.text).await?;
        stored.push(key.clone());
        Ok(Ok(Offered { key, cues: converted.cues }))
    }

    /// What was stored in a round that did not count, and nobody is offered or about to put away.
    async fn drop_unused(&self, stored: &[String], captions: Option<&TitleCaptions>) -> Result<(), StoreError> {
        for key in stored {
            if !captions.is_some_and(|captions| captions.knows(key)) {
                self.films.remove_captions(key).await?;
            }
        }
        Ok(())
    }
}
