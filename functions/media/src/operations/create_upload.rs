//! `POST /v1/admin/uploads`: opens an upload for a title's film and says where its parts go. ◆

use cinema_http::{
    Editor, HeaderName, HeaderValue, IdempotencyKey, IntoResponse, Json, Problem, Response, State, StatusCode,
    idempotency::{ItemClaim, in_flight},
};
use kernel::{AccountId, AssetId, TitleId, UploadId, World};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::{Bucket, Table};
use utoipa::ToSchema;

use crate::{
    assets::asset::Asset,
    problems::{no_such_title, title_not_here_yet, upload_aborted, upload_expired},
    store::{self, uploads::KeyedUpload},
    title::may_be_on_its_way,
    uploads::{
        parts::{self, Part},
        upload::{self, Upload},
    },
};

runtime::wire! {
    pub(super) struct CreateUpload {
        table: Table = |boot| boot.table("assets", Access::ReadWrite),
        bucket: Bucket = |boot| boot.bucket("uploads", Access::Write),
        links: Bucket = |boot| boot.links("uploads", Access::Write),
        world: World,
    }
}

/// What will be uploaded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUploadRequest {
    /// The title the film is for.
    title_id: TitleId,
    /// What the person calls the file: 1 to 255 bytes, no slashes.
    #[schema(min_length = 1, max_length = 255, example = "film.mp4")]
    filename: String,
    /// Bytes of the file: 1 to 5 TiB.
    #[schema(minimum = 1, maximum = 5497558138880i64)]
    size: u64,
}

/// Where its parts go.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreateUploadAnswer {
    /// To complete or resume it.
    upload_id: UploadId,
    /// What it will become.
    asset_id: AssetId,
    /// Bytes of every part but the last.
    part_size: u64,
    /// All parts, in order; they may be sent in any order and at the same time.
    parts: Vec<Part>,
}

#[utoipa::path(
    post, path = "/v1/admin/uploads", tag = "media", request_body = CreateUploadRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body open one upload; kept for 24 hours")),
    responses((status = 201, description = "The upload is open", body = CreateUploadAnswer), Problem)
)]
pub(super) async fn create_upload(
    State(state): State<CreateUpload>,
    Editor(account): Editor,
    key: IdempotencyKey,
    Json(request): Json<CreateUploadRequest>,
) -> Result<Response, Problem> {
    upload::check_filename(&request.filename)?;
    upload::check_size(request.size)?;
    let claim = key.item_claim(account.id, &request);
    if let Some(answer) = state.replay(claim.as_ref()).await? {
        return Ok(answer);
    }
    state.require_title(request.title_id).await?;
    let (upload, asset) = state.open(account.id, request).await?;
    let keyed = claim.as_ref().map(|claim| {
        let fingerprint = claim.fingerprint.clone();
        KeyedUpload { upload_id: upload.upload_id, fingerprint, created_at: upload.created_at }
    });
    let keyed = claim.as_ref().map(|claim| claim.id.as_str()).zip(keyed.as_ref());
    if store::uploads::begin(&state.table, &upload, &asset, keyed).await? {
        return state.answer(&upload).await;
    }
    // Another request with the same key was faster: its upload is the one. Or the title was deleted meanwhile.
    parts::abort(&state.bucket, &upload.key, &upload.multipart_id).await;
    state.replay(claim.as_ref()).await?.ok_or_else(in_flight)
}

impl CreateUpload {
    async fn require_title(&self, id: TitleId) -> Result<(), Problem> {
        match store::titles::find(&self.table, id).await? {
            Some(title) if !title.is_deleted => Ok(()),
            None if may_be_on_its_way(id, self.world.now()) => Err(title_not_here_yet(id)),
            Some(_) | None => Err(no_such_title(id)),
        }
    }

    async fn open(&self, account_id: AccountId, request: CreateUploadRequest) -> Result<(Upload, Asset), Problem> {
        let CreateUploadRequest { title_id, filename, size } = request;
        let (upload_id, asset_id, now) = (self.world.id(), self.world.id(), self.world.now());
        let key = upload::key(upload_id, &filename);
        // An access token outlives its account by minutes.
        let account_id = (!self.table.is_erased(account_id).await?).then_some(account_id);
        let asset = Asset::announced(asset_id, title_id, upload_id, &filename, size, now);
        let upload = Upload {
            upload_id,
            asset_id,
            title_id,
            account_id,
            filename,
            size,
            part_size: upload::part_size(size),
            multipart_id: parts::begin(&self.bucket, &key).await?,
            key,
            is_complete: false,
            is_aborted: false,
            identity: None,
            created_at: now,
            due_at: None,
            version: 0,
        };
        Ok((upload, asset))
    }

    /// The answer to a key that was used before: the same upload, with fresh URLs.
    async fn replay(&self, claim: Option<&ItemClaim>) -> Result<Option<Response>, Problem> {
        let Some(claim) = claim else { return Ok(None) };
        let keyed = store::uploads::find_keyed(&self.table, &claim.id, self.world.now()).await?;
        let Some(keyed) = keyed else { return Ok(None) };
        claim.check(&keyed.fingerprint)?;
        let upload = store::uploads::find(&self.table, keyed.upload_id).await?.ok_or_else(upload_expired)?;
        if upload.is_aborted {
            return Err(upload_aborted());
        }
        let mut answer = self.answer(&upload).await?;
        answer.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
        Ok(Some(answer))
    }

    async fn answer(&self, upload: &Upload) -> Result<Response, Problem> {
        let numbers = upload.parts().map(|(number, _)| number);
        let parts = parts::presign(&self.links, upload, numbers).await?;
        let (upload_id, asset_id, part_size) = (upload.upload_id, upload.asset_id, upload.part_size);
        Ok((StatusCode::CREATED, Json::<_>(CreateUploadAnswer { upload_id, asset_id, part_size, parts }))
            .into_response())
    }
}
