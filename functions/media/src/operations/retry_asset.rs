//! `POST /v1/admin/assets/{id}/retry`: a failed asset goes through the pipeline again; what was done and is not in doubt stays.

use cinema_http::{Editor, Json, Path, Problem, State, StatusCode};
use kernel::AssetId;
use stores::StoreError;

use crate::{
    assets::{
        job::{Job, JobKind},
        progress::AssetCard,
    },
    pipeline::Pipeline,
    problems::no_such_asset,
    store::{self, MOST_CONFLICTS, TooManyConflicts},
};

runtime::wire! { pub(super) struct RetryAsset { pipeline: Pipeline = |boot| Pipeline::wire(boot, &[JobKind::Probe]) } }

/// Begins with another look at the source. While a retry is under way, another one changes nothing.
#[utoipa::path(
    post, path = "/v1/admin/assets/{id}/retry", tag = "media", params(("id" = AssetId, Path)),
    responses((status = 202, description = "The work has begun again", body = AssetCard), Problem)
)]
pub(super) async fn retry_asset(
    State(RetryAsset { pipeline }): State<RetryAsset>,
    _: Editor,
    Path(id): Path<AssetId>,
) -> Result<(StatusCode, Json<AssetCard>), Problem> {
    for _ in 0..MOST_CONFLICTS {
        let asset = store::assets::find(&pipeline.table, id).await?.ok_or_else(no_such_asset)?;
        if asset.is_being_retried() {
            return Ok((StatusCode::ACCEPTED, Json(asset.into())));
        }
        let probe = store::jobs::find(&pipeline.table, id, &Job::Probe).await?;
        let step = asset.retried(probe, pipeline.world.now())?;
        if !store::assets::write_step(&pipeline.table, &step).await? {
            continue;
        }
        pipeline.send_or_leave(step.1.as_ref()).await;
        return Ok((StatusCode::ACCEPTED, Json(step.0.into())));
    }
    Err(StoreError::from(TooManyConflicts(id.to_string())).into())
}
