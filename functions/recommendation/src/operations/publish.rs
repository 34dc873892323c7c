//! `POST /v1/admin/recommendations/publish`: makes a version the live one, or the one before it again.

use cinema_http::{Admin, Json, Problem, State};
use kernel::World;
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::Bucket;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    artefact::is_version,
    problems::{no_such_version, not_good_enough, nothing_before},
    store::models::{self, Pointer},
};

runtime::wire! {
    pub(super) struct Publish {
        bucket: Bucket = |boot| boot.bucket("models", Access::ReadWrite),
        world: World,
    }
}

/// Which version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishRequest {
    /// Absent: the one that was live before.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    version: Option<String>,
}

/// What is live now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Published {
    version: String,
    /// What the same call without a version goes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    published_at: OffsetDateTime,
}

/// Moves the pointer. Refuses a version that is damaged or did not pass its tests; repeating it with a version changes nothing.
#[utoipa::path(
    post, path = "/v1/admin/recommendations/publish", tag = "recommendation", request_body = PublishRequest,
    responses((status = 200, body = Published), Problem)
)]
pub(super) async fn publish(
    State(Publish { bucket, world }): State<Publish>,
    _admin: Admin,
    Json(request): Json<PublishRequest>,
) -> Result<Json<Published>, Problem> {
    // A pointer that cannot be read is replaced by one that can.
    let live = models::pointer(&bucket).await.or_else(|error| match request.version {
        Some(_) => {
            tracing::warn!(%error, "a damaged pointer is replaced");
            Ok(None)
        }
        None => Err(error),
    })?;
    let before = || live.as_ref().and_then(|live| live.previous.clone());
    let version = request.version.or_else(before).ok_or_else(nothing_before)?;
    if !is_version(&version) {
        return Err(Problem::invalid("/version", "must be the name of a version"));
    }
    if let Some(live) = live.clone().filter(|live| live.version == version) {
        return Ok(Json(live.into()));
    }
    let report = models::report(&bucket, &version).await?.ok_or_else(no_such_version)?;
    models::model(&bucket, &version).await?.ok_or_else(no_such_version)?;
    if !report.objections.is_empty() {
        return Err(not_good_enough(&report));
    }
    let pointer = Pointer { version, previous: live.map(|live| live.version), published_at: world.now() };
    models::point(&bucket, &pointer).await?;
    tracing::info!(version = pointer.version, previous = pointer.previous, "a version was published");
    Ok(Json(pointer.into()))
}

impl From<Pointer> for Published {
    fn from(pointer: Pointer) -> Self {
        Self { version: pointer.version, previous: pointer.previous, published_at: pointer.published_at }
    }
}
