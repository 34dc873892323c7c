//! `POST /v1/admin/uploads/{id}/complete`: joins the parts if all have arrived. It takes no list: S3 knows what it has.

use cinema_http::{Editor, Json, OpenApiRouter, Path, Problem, State, StatusCode, axum, routes};
use kernel::{AssetId, UploadId};
use runtime::{Access, Boot, BootError};
use serde::Serialize;
use stores::{Bucket, StoreError};
use time::Duration;
use utoipa::ToSchema;

use crate::store::Store;
use crate::transfer::{self, Joined};
use crate::upload::Upload;

/// S3's notification comes within seconds; after this long it is lost.
const NOTICED_WITHIN: Duration = Duration::minutes(2);

/// A completed upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadCompleted {
    /// Its id.
    pub upload_id: UploadId,
    /// What it becomes from now on; ask for its state.
    pub asset_id: AssetId,
}

#[derive(Clone)]
struct Uploads {
    store: Store,
    bucket: Bucket,
}

#[utoipa::path(
    post, path = "/v1/admin/uploads/{id}/complete", tag = "media", security(("editor" = [])),
    params(("id" = UploadId, Path)),
    responses(
        (status = 200, description = "All parts are joined; repeating it changes nothing", body = UploadCompleted),
        Problem
    )
)]
async fn complete_upload(
    State(uploads): State<Uploads>,
    _: Editor,
    Path(id): Path<UploadId>,
) -> Result<Json<UploadCompleted>, Problem> {
    let upload = uploads.store.upload(id).await?.ok_or_else(|| Problem::not_found("upload"))?;
    if !upload.is_complete {
        let version = uploads.join(&upload).await?;
        uploads.completed(id, version).await?;
    }
    Ok(Json(UploadCompleted { upload_id: id, asset_id: upload.asset_id }))
}

impl Uploads {
    /// Returns the version of the joined object.
    async fn join(&self, upload: &Upload) -> Result<Option<String>, Problem> {
        let Some(arrived) = transfer::arrived(&self.bucket, upload).await? else {
            return self.joined_before(upload).await;
        };
        let missing = upload.missing(&arrived.sizes);
        if !missing.is_empty() {
            return Err(parts_missing(&missing));
        }
        if upload.has_surplus(&arrived.sizes) {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "parts_surplus",
                "There are more parts than the announced size has. Start a new upload.",
            ));
        }
        match transfer::join(&self.bucket, upload, arrived).await? {
            Joined::Whole(version) => Ok(version),
            Joined::Unknown => self.joined_before(upload).await,
            Joined::Refused(code) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "parts_changed",
                "A part was sent again meanwhile. Complete the upload once more.",
            )
            .because(code)),
        }
    }

    /// An answer that was lost, or a second caller: the object is there. Otherwise its parts are gone.
    async fn joined_before(&self, upload: &Upload) -> Result<Option<String>, Problem> {
        let head = self.bucket.head(&upload.key).await?.ok_or_else(transfer::expired)?;
        Ok(head.version_id.filter(|version| version != "null"))
    }

    async fn completed(&self, id: UploadId, version: Option<String>) -> Result<(), StoreError> {
        let now = self.store.world().now();
        let complete = |upload: &Upload| {
            // The notification may have been faster.
            let identity = upload.identity.clone().or_else(|| version.clone());
            let due_at = Some(now + NOTICED_WITHIN);
            (!upload.is_complete).then(|| Upload { is_complete: true, identity, due_at, ..upload.clone() })
        };
        self.store.change_upload(id, complete).await.map(drop)
    }
}

fn parts_missing(missing: &[i32]) -> Problem {
    let detail = format!("{} parts have not arrived whole. Send them again, then complete the upload.", missing.len());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "parts_missing", detail).with("missing", missing)
}

/// Wires the operation.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let store = Store::new(boot.table("assets", Access::ReadWrite)?, boot.world());
    let bucket = boot.bucket("uploads", Access::ReadWrite)?;
    Ok(OpenApiRouter::new().routes(routes!(complete_upload)).with_state(Uploads { store, bucket }))
}
