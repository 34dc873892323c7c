//! `GET /v1/admin/campaigns`: campaigns, newest first. `GET …/{id}`: how far one is.

use cinema_http::{Editor, Json, Page, PageParams, Pages, Path, Problem, State};
use kernel::CampaignId;
use sqlx::PgPool;

use crate::{
    campaign::{Campaign, CampaignProgress},
    problems::no_such_campaign,
    store::campaigns,
};

runtime::wire! { pub(super) struct ListCampaigns { pool: PgPool } }

/// Every campaign, newest first.
#[utoipa::path(
    get, path = "/v1/admin/campaigns", tag = "notification", params(PageParams),
    responses((status = 200, body = Page<Campaign>), Problem)
)]
pub(super) async fn list_campaigns(
    State(ListCampaigns { pool }): State<ListCampaigns>,
    Editor(_editor): Editor,
    pages: Pages,
) -> Result<Json<Page<Campaign>>, Problem> {
    let rows = campaigns::list(&pool, pages.after()?, pages.rows()).await?;
    Ok(Json(pages.page(rows, |row: &Campaign| row.id, |row| row)))
}

/// A campaign, and what became of its mails and push messages so far.
#[utoipa::path(
    get, path = "/v1/admin/campaigns/{id}", tag = "notification", params(("id" = CampaignId, Path)),
    responses((status = 200, body = CampaignProgress), Problem)
)]
pub(super) async fn get_campaign(
    State(ListCampaigns { pool }): State<ListCampaigns>,
    Editor(_editor): Editor,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignProgress>, Problem> {
    let campaign = campaigns::find(&pool, id).await?.ok_or_else(no_such_campaign)?;
    let deliveries = campaigns::deliveries(&pool, id).await?;
    Ok(Json(CampaignProgress { campaign, deliveries }))
}
