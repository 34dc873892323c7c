//! `POST /v1/admin/uploads`: opens an upload for a title's film and says where its parts go.

use cinema_http::idempotency::{fingerprint, in_flight};
use cinema_http::{
    Editor, HeaderName, HeaderValue, IdempotencyKey, IntoResponse, Json, OpenApiRouter, Problem, Response, State,
    StatusCode, axum, routes,
};
use kernel::{AccountId, AssetId, TitleId, UploadId};
use runtime::{Access, Boot, BootError};
use serde::{Deserialize, Serialize};
use stores::Bucket;
use utoipa::ToSchema;

use crate::asset::Asset;
use crate::store::{Begun, Store};
use crate::transfer::{self, Part};
use crate::upload::{self, Upload};

const ROUTE: &str = "POST /v1/admin/uploads";

/// What will be uploaded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUpload {
    /// The title the film is for.
    pub title_id: TitleId,
    /// What the person calls the file: 1 to 255 bytes, no slashes.
    #[schema(min_length = 1, max_length = 255, example = "film.mp4")]
    pub filename: String,
    /// Bytes of the file: 1 to 5 TiB.
    #[schema(minimum = 1, maximum = 5497558138880i64)]
    pub size: u64,
}

/// Where its parts go.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadCreated {
    /// To complete or resume it.
    pub upload_id: UploadId,
    /// What it will become.
    pub asset_id: AssetId,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// All parts, in order; they may be sent in any order and at the same time.
    pub parts: Vec<Part>,
}

/// Opens uploads.
#[derive(Clone)]
pub struct Uploads {
    store: Store,
    bucket: Bucket,
}

#[utoipa::path(
    post, path = "/v1/admin/uploads", tag = "media", security(("editor" = [])), request_body = CreateUpload,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body open one upload; kept for 24 hours")),
    responses((status = 201, description = "The upload is open", body = UploadCreated), Problem)
)]
async fn create_upload(
    State(uploads): State<Uploads>,
    Editor(account): Editor,
    key: IdempotencyKey,
    Json(order): Json<CreateUpload>,
) -> Result<Response, Problem> {
    upload::check_filename(&order.filename).map_err(|error| Problem::invalid("/filename", error.to_string()))?;
    upload::check_size(order.size).map_err(|error| Problem::invalid("/size", error.to_string()))?;
    let principal = format!("{} {ROUTE}", account.id);
    if let Some(answer) = uploads.replay(&principal, &key, &order).await? {
        return Ok(answer);
    }
    let (upload, asset) = uploads.open(account.id, &order).await?;
    let now = uploads.store.world().now();
    let begun = key.0.as_ref().map(|key| Begun::new(&principal, key, upload.upload_id, &fingerprint(&order), now));
    if uploads.store.begin_upload(&upload, &asset, begun.as_ref()).await? {
        return uploads.answer(&upload).await;
    }
    // Somebody with the same key was faster: theirs is the upload.
    transfer::abort(&uploads.bucket, &upload.key, &upload.multipart_id).await;
    uploads.replay(&principal, &key, &order).await?.ok_or_else(in_flight)
}

impl Uploads {
    async fn open(&self, account_id: AccountId, order: &CreateUpload) -> Result<(Upload, Asset), Problem> {
        let world = self.store.world();
        let (upload_id, asset_id, now) = (world.id(), world.id(), world.now());
        let key = upload::key(upload_id, &order.filename);
        let account_id = (!self.store.is_erased(account_id).await?).then_some(account_id);
        let upload = Upload {
            upload_id,
            asset_id,
            title_id: order.title_id,
            account_id,
            filename: order.filename.clone(),
            size: order.size,
            part_size: upload::part_size(order.size),
            multipart_id: transfer::begin(&self.bucket, &key).await?,
            key,
            is_complete: false,
            identity: None,
            created_at: now,
            due_at: None,
            version: 0,
        };
        let asset = Asset::announced(asset_id, order.title_id, upload_id, &order.filename, order.size, now);
        Ok((upload, asset))
    }

    /// The answer to a key that was used before: the same upload, with fresh URLs.
    async fn replay(
        &self,
        principal: &str,
        key: &IdempotencyKey,
        order: &CreateUpload,
    ) -> Result<Option<Response>, Problem> {
        let Some(key) = &key.0 else { return Ok(None) };
        let Some(begun) = self.store.begun(principal, key).await? else { return Ok(None) };
        if begun.fingerprint != hex::encode(fingerprint(order)) {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request.",
            ));
        }
        let Some(upload) = self.store.upload(begun.upload_id).await? else { return Err(transfer::expired()) };
        let mut answer = self.answer(&upload).await?;
        answer.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
        Ok(Some(answer))
    }

    async fn answer(&self, upload: &Upload) -> Result<Response, Problem> {
        let numbers = upload.parts().map(|(number, _)| number);
        let parts = transfer::parts(&self.bucket, upload, numbers).await?;
        let (upload_id, asset_id, part_size) = (upload.upload_id, upload.asset_id, upload.part_size);
        Ok((StatusCode::CREATED, Json::<_>(UploadCreated { upload_id, asset_id, part_size, parts })).into_response())
    }
}

/// Wires the operation.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let store = Store::new(boot.table("assets", Access::ReadWrite)?, boot.world());
    let bucket = boot.bucket("uploads", Access::Write)?;
    Ok(OpenApiRouter::new().routes(routes!(create_upload)).with_state(Uploads { store, bucket }))
}
