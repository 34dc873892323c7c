//! `GET /v1/admin/assets`: all sources, those from the inbox and those that were refused included, with state and reason.

use cinema_http::{Editor, Json, Page, PageParams, Pages, Problem, State as Extract};
use runtime::Access;
use serde::Deserialize;
use stores::Table;
use utoipa::IntoParams;

use crate::{
    assets::{asset::State, progress::AssetCard},
    store::assets,
};

runtime::wire! { pub(super) struct ListAssets { table: Table = |boot| boot.table("assets", Access::Read) } }

/// Which assets.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those in this state.
    state: Option<State>,
}

/// Those that changed last first. One that changes while somebody pages may come again.
#[utoipa::path(
    get, path = "/v1/admin/assets", tag = "media", params(Filter, PageParams),
    responses((status = 200, description = "Assets", body = Page<AssetCard>), Problem)
)]
pub(super) async fn list_assets(
    Extract(ListAssets { table }): Extract<ListAssets>,
    _: Editor,
    pages: Pages<Filter>,
) -> Result<Json<Page<AssetCard>>, Problem> {
    let states = pages.filter.state.map_or(State::ALL.to_vec(), |state| vec![state]);
    let count = usize::try_from(pages.rows()).unwrap_or_default();
    let rows = assets::list(&table, &states, pages.after()?.as_ref(), count).await?;
    Ok(Json(pages.page(rows, assets::place_of, AssetCard::from)))
}
