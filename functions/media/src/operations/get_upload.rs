//! `GET /v1/admin/uploads/{id}`: what is missing, with fresh URLs, so that a broken upload goes on where it stopped.

use cinema_http::{Editor, Json, OpenApiRouter, Path, Problem, State, axum, routes};
use kernel::{AssetId, TitleId, UploadId};
use runtime::{Access, Boot, BootError};
use serde::Serialize;
use stores::Bucket;
use utoipa::ToSchema;

use crate::store::Store;
use crate::transfer::{self, Part};
use crate::upload::Upload;

/// An upload and what it lacks.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    /// Its id.
    pub upload_id: UploadId,
    /// What it will become.
    pub asset_id: AssetId,
    /// The title the film is for.
    pub title_id: TitleId,
    /// What the person calls the file.
    pub filename: String,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// Bytes that have arrived in whole parts.
    pub received: u64,
    /// Whether the parts were joined: nothing is left to do.
    pub is_complete: bool,
    /// The missing parts, in order.
    pub parts: Vec<Part>,
}

#[derive(Clone)]
struct Uploads {
    store: Store,
    bucket: Bucket,
}

#[utoipa::path(
    get, path = "/v1/admin/uploads/{id}", tag = "media", security(("editor" = [])),
    params(("id" = UploadId, Path)),
    responses((status = 200, description = "The upload", body = UploadView), Problem)
)]
async fn get_upload(
    State(uploads): State<Uploads>,
    _: Editor,
    Path(id): Path<UploadId>,
) -> Result<Json<UploadView>, Problem> {
    let upload = uploads.store.upload(id).await?.ok_or_else(|| Problem::not_found("upload"))?;
    if upload.is_complete {
        let received = upload.size;
        return Ok(Json(view(upload, received, Vec::new())));
    }
    let arrived = transfer::arrived(&uploads.bucket, &upload).await?.ok_or_else(transfer::expired)?;
    let missing = upload.missing(&arrived.sizes);
    let whole = upload.parts().filter(|(number, _)| !missing.contains(number));
    let received = whole.map(|(_, size)| size).sum();
    let parts = transfer::parts(&uploads.bucket, &upload, missing).await?;
    Ok(Json(view(upload, received, parts)))
}

fn view(upload: Upload, received: u64, parts: Vec<Part>) -> UploadView {
    UploadView {
        upload_id: upload.upload_id,
        asset_id: upload.asset_id,
        title_id: upload.title_id,
        filename: upload.filename,
        size: upload.size,
        part_size: upload.part_size,
        received,
        is_complete: upload.is_complete,
        parts,
    }
}

/// Wires the operation.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let store = Store::new(boot.table("assets", Access::Read)?, boot.world());
    // Presigning a part needs the right to write it.
    let bucket = boot.bucket("uploads", Access::ReadWrite)?;
    Ok(OpenApiRouter::new().routes(routes!(get_upload)).with_state(Uploads { store, bucket }))
}
