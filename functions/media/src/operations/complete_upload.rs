//! `POST /v1/admin/uploads/{id}/complete`: joins the parts if all have arrived.

use cinema_http::{Editor, Json, Path, Problem, State};
use kernel::{AssetId, UploadId, World};
use runtime::Access;
use serde::Serialize;
use stores::{Bucket, Table};
use time::Duration;
use utoipa::ToSchema;

use crate::{
    problems::{no_such_upload, upload_aborted},
    store,
    uploads::{parts, upload::Upload},
};

runtime::wire! {
    pub(super) struct CompleteUpload {
        table: Table = |boot| boot.table("assets", Access::ReadWrite),
        bucket: Bucket = |boot| boot.bucket("uploads", Access::ReadWrite),
        world: World,
    }
}

/// S3's notification comes within seconds; after this long it is lost.
const NOTICED_WITHIN: Duration = Duration::minutes(2);

/// A completed upload.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CompleteUploadAnswer {
    upload_id: UploadId,
    /// What the upload becomes from now on; ask for its state.
    asset_id: AssetId,
}

#[utoipa::path(
    post, path = "/v1/admin/uploads/{id}/complete", tag = "media", params(("id" = UploadId, Path)),
    responses(
        (status = 200, description = "All parts are joined; repeating it changes nothing", body = CompleteUploadAnswer),
        Problem
    )
)]
pub(super) async fn complete_upload(
    State(CompleteUpload { table, bucket, world }): State<CompleteUpload>,
    _: Editor,
    Path(id): Path<UploadId>,
) -> Result<Json<CompleteUploadAnswer>, Problem> {
    let upload = store::uploads::find(&table, id).await?.ok_or_else(no_such_upload)?;
    if upload.is_aborted {
        return Err(upload_aborted());
    }
    if !upload.is_complete {
        let version = parts::complete(&bucket, &upload).await?;
        let due_at = Some(world.now() + NOTICED_WITHIN);
        let completed = |upload: &Upload| {
            // The notification may have been faster.
            let identity = upload.identity.clone().or_else(|| version.clone());
            (!upload.is_complete && !upload.is_aborted).then(|| Upload {
                is_complete: true,
                identity,
                due_at,
                ..upload.clone()
            })
        };
        store::uploads::change(&table, id, completed).await?;
    }
    Ok(Json(CompleteUploadAnswer { upload_id: id, asset_id: upload.asset_id }))
}
