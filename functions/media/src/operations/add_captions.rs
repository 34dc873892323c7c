//! `POST /v1/admin/titles/{id}/captions`: announces a file of captions and says where to send it.

use std::time::Duration;

use cinema_http::{Editor, Json, Path, Problem, State, StatusCode};
use events::contracts::CaptionKind;
use kernel::{TitleId, UploadId, World};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::{Bucket, StoreError, Table, aws_sdk_s3::presigning::PresigningConfig};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    captions::{
        convert::MOST_BYTES,
        language::Language,
        title::TitleCaptions,
        track::{LINK_LIFETIME, TrackName, source_key},
    },
    problems::{captions_not_announced, captions_too_large, unknown_title},
    store::{self, MOST_CONFLICTS, TooManyConflicts},
    title::may_be_on_its_way,
};

runtime::wire! {
    pub(super) struct AddCaptions {
        table: Table = |boot| boot.table("assets", Access::ReadWrite),
        links: Bucket = |boot| boot.links("uploads", Access::Write),
        world: World,
    }
}

/// What will be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddCaptionsRequest {
    language: Language,
    kind: CaptionKind,
    /// Bytes of the file: at least one, and 2 MiB at most.
    #[schema(minimum = 1, maximum = 2097152)]
    size: u64,
}

/// Where the file goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddCaptionsAnswer {
    /// The track as it will be called: `eng` is `en`.
    language: Language,
    kind: CaptionKind,
    /// `PUT` the file here, with exactly as many bytes as were announced.
    url: String,
    /// When the address stops working.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// SubRip, WebVTT or TTML, told apart by the content; in UTF-8, or in UTF-16 with a byte order mark. What became of the file is in the list of
/// captions a moment after it has arrived. Until then viewers keep what they are offered in this language and kind; announcing another file
/// takes the place of one that has not arrived.
#[utoipa::path(
    post, path = "/v1/admin/titles/{id}/captions", tag = "media", params(("id" = TitleId, Path)), request_body = AddCaptionsRequest,
    responses((status = 201, description = "The file is expected", body = AddCaptionsAnswer), Problem)
)]
pub(super) async fn add_captions(
    State(state): State<AddCaptions>,
    _: Editor,
    Path(id): Path<TitleId>,
    Json(request): Json<AddCaptionsRequest>,
) -> Result<(StatusCode, Json<AddCaptionsAnswer>), Problem> {
    let AddCaptionsRequest { language, kind, size } = request;
    if !(1..=MOST_BYTES).contains(&size) {
        return Err(captions_too_large());
    }
    let (name, upload_id, now) = (TrackName { language, kind }, state.world.id(), state.world.now());
    state.announce(id, &name, upload_id, now).await?;
    let url = state.link(id, upload_id, size).await?;
    let TrackName { language, kind } = name;
    Ok((StatusCode::CREATED, Json(AddCaptionsAnswer { language, kind, url, expires_at: now + LINK_LIFETIME })))
}

impl AddCaptions {
    async fn announce(
        &self,
        id: TitleId,
        name: &TrackName,
        upload: UploadId,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        for _ in 0..MOST_CONFLICTS {
            match store::titles::find(&self.table, id).await? {
                Some(title) if !title.is_deleted => {}
                found => return Err(unknown_title(found.is_none() && may_be_on_its_way(id, now))),
            }
            let captions = store::captions::find(&self.table, id).await?.unwrap_or_else(|| TitleCaptions::none(id));
            let next = captions.announced(name, upload, now).map_err(captions_not_announced)?;
            if store::captions::announce(&self.table, &next).await? {
                return Ok(());
            }
        }
        Err(StoreError::from(TooManyConflicts(id.to_string())).into())
    }

    /// The length is signed with the address: the store takes no other.
    async fn link(&self, title: TitleId, upload: UploadId, size: u64) -> Result<String, StoreError> {
        let failed = |error: &dyn std::error::Error| StoreError { engine: "s3", detail: error.to_string() };
        let lifetime = Duration::from_secs(LINK_LIFETIME.whole_seconds().unsigned_abs());
        let expiry = PresigningConfig::expires_in(lifetime).map_err(|error| failed(&error))?;
        let put = self.links.client.put_object().bucket(&self.links.name).key(source_key(title, upload));
        let put = put.content_length(i64::try_from(size).unwrap_or(i64::MAX));
        let signed = put.presigned(expiry).await.map_err(|error| StoreError::new("s3", error))?;
        Ok(signed.uri().to_owned())
    }
}
