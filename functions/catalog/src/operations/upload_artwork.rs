//! `POST /v1/admin/titles/{id}/artwork`: says where a picture for a title goes.

use std::time::Duration;

use cinema_http::{Editor, Json, Path, Problem, State, StatusCode};
use events::Outbox;
use kernel::{ArtworkId, TitleId, World};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::{Bucket, StoreError, aws_sdk_s3::presigning::PresigningConfig};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    artwork::{ArtworkKind, source_key},
    change::{self, Author},
    picture,
    pictures::{KEPT, LIFETIME, MOST_UPLOADS, Upload, superseded},
    problems::{no_such_title, too_many_uploads},
    store::{artwork_uploads, titles},
};

runtime::wire! {
    pub(super) struct UploadArtwork {
        outbox: Outbox,
        links: Bucket = |boot| boot.links("artwork-uploads", Access::Write),
        world: World,
    }
}

/// What will be uploaded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadArtworkRequest {
    /// What the picture is for.
    kind: ArtworkKind,
    /// Bytes of the file: at least one, and 20 MiB at most. JPEG, PNG or WebP, at most 50 megapixels and 12,000 pixels a side.
    #[schema(minimum = 1, maximum = 20971520)]
    size: u64,
}

/// Where the file goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadArtworkAnswer {
    /// To recognise it among the title's uploads.
    upload_id: ArtworkId,
    /// `PUT` the file's bytes here, exactly as many as were announced.
    url: String,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Opens an upload. Its file is the title's picture of this kind as soon as it is found to be one; until then, and if it is none, the one before
/// stays. A later upload wins, whichever of the two is looked at first; `GET` of the title tells what became of it.
#[utoipa::path(
    post, path = "/v1/admin/titles/{id}/artwork", tag = "catalog", request_body = UploadArtworkRequest,
    params(("id" = TitleId, Path)), responses((status = 201, body = UploadArtworkAnswer), Problem)
)]
pub(super) async fn upload_artwork(
    State(state): State<UploadArtwork>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    Json(UploadArtworkRequest { kind, size }): Json<UploadArtworkRequest>,
) -> Result<(StatusCode, Json<UploadArtworkAnswer>), Problem> {
    if !(1..=picture::MOST_BYTES).contains(&size) {
        return Err(Problem::invalid("/size", "must be 1 to 20 MiB (20971520 bytes)"));
    }
    let (world, now) = (&state.world, state.world.now());
    let (upload_id, expires_at): (ArtworkId, _) = (world.id(), now + LIFETIME);
    let url = state.link(&source_key(upload_id, kind), size).await?;
    let author = Author { world, actor: &editor.id.to_string() };
    state
        .outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            let uploads = artwork_uploads::of_title(tx, id).await?;
            let over = superseded(&uploads, now);
            let counted = |upload: &&Upload| !over.contains(&upload.id) && !upload.is_ready();
            if uploads.iter().filter(counted).count() >= MOST_UPLOADS {
                return Err(too_many_uploads());
            }
            artwork_uploads::leave(tx, &over, now + KEPT).await?;
            artwork_uploads::insert(tx, upload_id, (id, kind), expires_at).await?;
            let after = before.with_uploads(&artwork_uploads::of_title(tx, id).await?);
            change::save(tx, &author, "artwork_requested", &before, after).await?;
            Ok(())
        })
        .await?;
    Ok((StatusCode::CREATED, Json::<_>(UploadArtworkAnswer { upload_id, url, expires_at })))
}

impl UploadArtwork {
    /// The length is signed with it: S3 takes no other.
    async fn link(&self, key: &str, size: u64) -> Result<String, StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError { engine: "s3", detail: error.to_string() };
        let lifetime = Duration::try_from(LIFETIME).map_err(|error| failed(&error))?;
        let expiry = PresigningConfig::expires_in(lifetime).map_err(|error| failed(&error))?;
        let length = i64::try_from(size).map_err(|error| failed(&error))?;
        let request = self.links.client.put_object().bucket(&self.links.name).key(key).content_length(length);
        let signed = request.presigned(expiry).await.map_err(|error| StoreError::new("s3", error))?;
        Ok(signed.uri().to_owned())
    }
}
