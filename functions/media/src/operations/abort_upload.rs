//! `DELETE /v1/admin/uploads/{id}`: ends an upload that will not be completed.

use cinema_http::{Editor, Path, Problem, State, StatusCode};
use kernel::{AccountId, UploadId};
use runtime::Access;
use stores::{Bucket, StoreError, Table};

use crate::{
    problems::{no_such_upload, upload_completed},
    store::{self, MOST_CONFLICTS, TooManyConflicts},
    uploads::{parts, upload::Upload},
};

runtime::wire! {
    pub(super) struct AbortUpload {
        table: Table = |boot| boot.table("assets", Access::ReadWrite),
        bucket: Bucket = |boot| boot.bucket("uploads", Access::ReadWrite),
    }
}

/// Only whoever began an upload can abort it; one that belongs to nobody any more, every editor.
#[utoipa::path(
    delete, path = "/v1/admin/uploads/{id}", tag = "media", params(("id" = UploadId, Path)),
    responses((status = 204, description = "Its parts are gone; repeating it changes nothing"), Problem)
)]
pub(super) async fn abort_upload(
    State(AbortUpload { table, bucket }): State<AbortUpload>,
    Editor(account): Editor,
    Path(id): Path<UploadId>,
) -> Result<StatusCode, Problem> {
    let upload = end(&table, id, account.id).await?;
    parts::abort(&bucket, &upload.key, &upload.multipart_id).await;
    // Whoever completed it in the same moment has joined the parts for nothing.
    parts::remove_newest(&bucket, &upload.key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes down that it ended, unless it is complete.
async fn end(table: &Table, id: UploadId, account: AccountId) -> Result<Upload, Problem> {
    for _ in 0..MOST_CONFLICTS {
        let upload = store::uploads::find(table, id).await?.filter(|upload| upload.belongs_to(account));
        let upload = upload.ok_or_else(no_such_upload)?;
        if upload.is_aborted {
            return Ok(upload);
        }
        if upload.is_complete || upload.identity.is_some() {
            return Err(upload_completed());
        }
        let asset = store::assets::find(table, upload.asset_id).await?;
        if store::uploads::abort(table, &upload, asset.as_ref()).await? {
            return Ok(upload);
        }
    }
    Err(StoreError::from(TooManyConflicts(id.to_string())).into())
}
