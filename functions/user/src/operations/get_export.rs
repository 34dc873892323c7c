//! `GET /v1/users/me/export/{id}`: how far an export is. Whoever asks first after the last part has come makes the archive.

use cinema_http::{Account, Json, Path, Problem, State};
use kernel::{ExportId, World};
use runtime::Access;
use sqlx::PgPool;
use stores::Bucket;

use crate::{
    export::{self, Export, ExportStatus, URL_LIFETIME},
    store::{archives, exports},
};

runtime::wire! {
    pub(super) struct GetExport {
        pool: PgPool,
        bucket: Bucket = |boot| boot.bucket("exports", Access::ReadWrite),
        links: Bucket = |boot| boot.links("exports", Access::Read),
        world: World,
    }
}

/// How far an export of the caller is; when it is ready, with a URL of the zip that works for 15 minutes.
#[utoipa::path(
    get, path = "/v1/users/me/export/{id}", tag = "user", params(("id" = ExportId, Path)),
    responses((status = 200, body = Export), Problem)
)]
pub(super) async fn get_export(
    State(GetExport { pool, bucket, links, world }): State<GetExport>,
    account: Account,
    Path(id): Path<ExportId>,
) -> Result<Json<Export>, Problem> {
    let requested_at = exports::find(&pool, id, account.id).await?.ok_or_else(|| Problem::not_found("export"))?;
    let now = world.now();
    if export::is_expired(requested_at, now) {
        return Ok(Json(Export::new(id, ExportStatus::Expired)));
    }
    if !archives::make(&bucket, id).await? {
        return Ok(Json(Export::new(id, ExportStatus::Preparing)));
    }
    let url = links.presign_get(&export::archive_key(id), None, URL_LIFETIME).await?;
    let ready = Export::new(id, ExportStatus::Ready);
    Ok(Json(Export { url: Some(url), expires_at: Some(now + URL_LIFETIME), ..ready }))
}
