//! `POST /v1/admin/campaigns/{id}/stop`: the kill switch. Nobody else is told, and what is not sent yet never is.

use cinema_http::{Editor, Json, Path, Problem, State};
use kernel::{CampaignId, World};
use sqlx::PgPool;

use crate::{campaign::Campaign, problems::no_such_campaign, store::campaigns};

runtime::wire! { pub(super) struct StopCampaign { pool: PgPool, world: World } }

/// Stops a campaign for good, also one that has told everybody: mails that wait in the queue or for the end of quiet hours are not sent. A
/// repetition changes nothing.
#[utoipa::path(
    post, path = "/v1/admin/campaigns/{id}/stop", tag = "notification", params(("id" = CampaignId, Path)),
    responses((status = 200, body = Campaign), Problem)
)]
pub(super) async fn stop_campaign(
    State(StopCampaign { pool, world }): State<StopCampaign>,
    Editor(_editor): Editor,
    Path(id): Path<CampaignId>,
) -> Result<Json<Campaign>, Problem> {
    let stopped = campaigns::stop(&pool, id, world.now()).await?;
    Ok(Json(stopped.ok_or_else(no_such_campaign)?))
}
