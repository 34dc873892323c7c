//! `GET /v1/users/me/export/{id}`: how far an export is. Whoever asks first after the last part has come makes the archive.

use cinema_http::{Account, Json, OpenApiRouter, Path, Problem, State, routes};
use kernel::{ExportId, World};
use runtime::{Access, Boot, BootError};
use stores::{Bucket, PgPool};
use time::OffsetDateTime;

use crate::{
    export::{self, Export, PARTS, Status, URL_LIFETIME},
    store,
};

#[derive(Clone)]
struct Archives {
    pool: PgPool,
    bucket: Bucket,
    world: World,
}

/// How far an export of the caller is; when it is ready, with a URL of the zip that works for 15 minutes.
#[utoipa::path(
    get, path = "/v1/users/me/export/{id}", tag = "user",
    security(("account" = [])),
    params(("id" = ExportId, Path)),
    responses((status = 200, body = Export), Problem)
)]
async fn get_export(
    State(archives): State<Archives>,
    account: Account,
    Path(id): Path<ExportId>,
) -> Result<Json<Export>, Problem> {
    let requested_at = store::export(&archives.pool, id, account.id).await?;
    let requested_at = requested_at.ok_or_else(|| Problem::not_found("export"))?;
    let now = archives.world.now();
    if export::is_expired(requested_at, now) {
        return Ok(Json(Export::new(id, Status::Expired)));
    }
    if !archives.is_made(id).await? {
        return Ok(Json(Export::new(id, Status::Preparing)));
    }
    Ok(Json(archives.hand_out(id, now).await?))
}

impl Archives {
    /// Whether there is an archive, made now if it must be. Two that make it at once write the same bytes.
    async fn is_made(&self, id: ExportId) -> Result<bool, Problem> {
        let key = export::archive_key(id);
        if self.bucket.head(&key).await?.is_some() {
            return Ok(true);
        }
        let mut parts = Vec::with_capacity(PARTS.len());
        for service in PARTS {
            let Some(part) = self.bucket.get(&export::part_key(id, service)).await? else { return Ok(false) };
            parts.push((service, part));
        }
        let archive = export::archive(&parts).map_err(Problem::internal)?;
        self.bucket.put(&key, archive, "application/zip", None).await?;
        Ok(true)
    }

    async fn hand_out(&self, id: ExportId, now: OffsetDateTime) -> Result<Export, Problem> {
        let url = self.bucket.presign_get(&export::archive_key(id), None, URL_LIFETIME).await?;
        let ready = Export::new(id, Status::Ready);
        Ok(Export { url: Some(url), expires_at: Some(now + URL_LIFETIME), ..ready })
    }
}

/// The schema, and the bucket of parts and archives.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let bucket = boot.bucket("exports", Access::ReadWrite)?;
    let archives = Archives { pool: boot.postgres()?, bucket, world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(get_export)).with_state(archives))
}
