//! `GET /v1/admin/uploads/{id}`: what is missing, with fresh URLs, so that a broken upload goes on where it stopped.

use cinema_http::{Editor, Json, Path, Problem, State};
use kernel::{AssetId, TitleId, UploadId};
use runtime::Access;
use serde::Serialize;
use stores::{Bucket, Table};
use utoipa::ToSchema;

use crate::{
    problems::{no_such_upload, upload_aborted, upload_expired},
    store,
    uploads::{
        parts::{self, Part},
        upload::Upload,
    },
};

runtime::wire! {
    pub(super) struct GetUpload {
        table: Table = |boot| boot.table("assets", Access::Read),
        bucket: Bucket = |boot| boot.bucket("uploads", Access::Read),
        // Presigning a part needs the right to write it.
        links: Bucket = |boot| boot.links("uploads", Access::Write),
    }
}

/// An upload and what it lacks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadView {
    upload_id: UploadId,
    /// What it will become.
    asset_id: AssetId,
    /// The title the film is for.
    title_id: TitleId,
    /// What the person calls the file.
    filename: String,
    /// Bytes of the file.
    size: u64,
    /// Bytes of every part but the last.
    part_size: u64,
    /// Bytes that have arrived in whole parts.
    received: u64,
    /// Whether the parts were joined: nothing is left to do.
    is_complete: bool,
    /// The missing parts, in order.
    parts: Vec<Part>,
}

#[utoipa::path(
    get, path = "/v1/admin/uploads/{id}", tag = "media", params(("id" = UploadId, Path)),
    responses((status = 200, description = "The upload", body = UploadView), Problem)
)]
pub(super) async fn get_upload(
    State(GetUpload { table, bucket, links }): State<GetUpload>,
    _: Editor,
    Path(id): Path<UploadId>,
) -> Result<Json<UploadView>, Problem> {
    let upload = store::uploads::find(&table, id).await?.ok_or_else(no_such_upload)?;
    if upload.is_aborted {
        return Err(upload_aborted());
    }
    if upload.is_complete {
        let received = upload.size;
        return Ok(Json(view(upload, received, Vec::new())));
    }
    let arrived = parts::arrived(&bucket, &upload).await?.ok_or_else(upload_expired)?;
    let missing = upload.missing(&arrived.sizes);
    let whole = upload.parts().filter(|(number, _)| !missing.contains(number));
    let received = whole.map(|(_, size)| size).sum();
    let parts = parts::presign(&links, &upload, missing).await?;
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
