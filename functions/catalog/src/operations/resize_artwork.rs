//! Bucket `artwork-uploads` → pictures in bucket `media`, and a report of them. What strangers made is decoded here: this function reaches its buckets
//! and one queue, no database and no stream.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::{Consumer, Deadline, Outcome};
use futures::TryStreamExt;
use kernel::{ArtworkId, sha256};
use runtime::{Access, S3Object};
use stores::{
    Bucket, Queue, StoreError,
    aws_sdk_s3::error::{ProvideErrorMetadata, SdkError},
};

use crate::{
    artwork::{self, ArtworkKind, Finding, Picture, PictureFile, Report, folder, upload_of},
    picture::{self, Made, MadeFile, PictureRefusal},
};

runtime::wire! {
    pub struct ResizeArtwork {
        uploads: Bucket = |boot| boot.bucket("artwork-uploads", Access::ReadWrite),
        media: Bucket = |boot| boot.bucket("media", Access::Write),
        reports: Queue = |boot| boot.queue("artwork"),
    }
}

/// Named by their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Half of the function's time: what takes longer is refused, not lost.
const LONGEST_WORK: Duration = Duration::from_secs(60);
/// Pictures on their way at the same time.
const TRANSFERS: usize = 4;

impl Consumer<S3Object> for ResizeArtwork {
    async fn consume(&self, object: S3Object, _: &Deadline) -> Outcome {
        let Some((upload, kind)) = upload_of(&object.key) else {
            return Outcome::poison("the object is no upload of a picture");
        };
        match self.report(&object, upload, kind).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl ResizeArtwork {
    /// The file goes after its report is sent: whoever is told of it once more finds nothing to do.
    async fn report(&self, object: &S3Object, upload: ArtworkId, kind: ArtworkKind) -> Result<(), StoreError> {
        let made = if object.size > picture::MOST_BYTES {
            Err(PictureRefusal::TooLarge)
        } else {
            let Some(bytes) = self.read(object).await? else { return Ok(()) };
            make(bytes, kind).await
        };
        let finding = match made {
            Ok(made) => Finding::Ready(self.store(upload, made).await?),
            Err(reason) => {
                tracing::info!(artwork_id = %upload, ?reason, "picture refused");
                Finding::Refused { reason }
            }
        };
        let rank = artwork::rank(object.sequencer.as_deref(), object.version.as_deref());
        let report = Report { upload_id: upload, rank, finding };
        let body = serde_json::to_string(&report).map_err(|error| StoreError::new("sqs", error))?;
        self.reports.send(&body, None).await?;
        self.remove(object).await
    }

    /// `None`: it was looked at before.
    async fn read(&self, object: &S3Object) -> Result<Option<Vec<u8>>, StoreError> {
        let request = self.uploads.client.get_object().bucket(&self.uploads.name).key(&object.key);
        let found = match request.set_version_id(object.version.clone()).send().await {
            Ok(found) => found,
            Err(SdkError::ServiceError(error)) if matches!(error.err().code(), Some("NoSuchKey" | "NoSuchVersion")) => {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::new("s3", error)),
        };
        let body = found.body.collect().await.map_err(|error| StoreError::new("s3", error))?;
        Ok(Some(body.into_bytes().to_vec()))
    }

    async fn store(&self, upload: ArtworkId, made: Made) -> Result<Picture, StoreError> {
        let Made { width, height, placeholder, colour, files } = made;
        let stores = files.into_iter().map(|file| self.store_file(upload, file));
        let files: Vec<PictureFile> =
            futures::StreamExt::buffered(futures::stream::iter(stores), TRANSFERS).try_collect().await?;
        let card = Picture::card_of(&files).map(|file| file.path.clone()).unwrap_or_default();
        let placeholder = BASE64_STANDARD.encode(placeholder);
        Ok(Picture { upload_id: upload, width, height, placeholder, colour, card, files })
    }

    async fn store_file(&self, upload: ArtworkId, file: MadeFile) -> Result<PictureFile, StoreError> {
        let MadeFile { width, height, encoding, bytes } = file;
        let path = format!("{}{}.{}", folder(upload), hex::encode(sha256(&bytes)), encoding.extension());
        self.media.put(&path, bytes, encoding.media_type(), Some(FOR_EVER)).await?;
        Ok(PictureFile { path, width, height, encoding })
    }

    /// Without its version it would only be hidden.
    async fn remove(&self, object: &S3Object) -> Result<(), StoreError> {
        let request = self.uploads.client.delete_object().bucket(&self.uploads.name).key(&object.key);
        let removed = request.set_version_id(object.version.clone()).send().await;
        removed.map(drop).map_err(|error| StoreError::new("s3", error))
    }
}

/// A decoder that panics has found what it cannot read.
async fn make(bytes: Vec<u8>, kind: ArtworkKind) -> Result<Made, PictureRefusal> {
    let work = tokio::task::spawn_blocking(move || picture::make(&bytes, kind.widths()));
    match tokio::time::timeout(LONGEST_WORK, work).await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => {
            tracing::error!(%error, "a decoder panicked");
            Err(PictureRefusal::Unreadable)
        }
        Err(_) => Err(PictureRefusal::TooComplex),
    }
}
