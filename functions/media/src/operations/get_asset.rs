//! `GET /v1/admin/assets/{id}`: how far an asset is, what it will be, what it has cost and, if it failed, why.

use cinema_http::{Editor, Json, Path, Problem, State};
use kernel::AssetId;
use runtime::Access;
use stores::Table;

use crate::{
    assets::progress::{self, AssetView},
    problems::no_such_asset,
    store,
};

runtime::wire! { pub(super) struct GetAsset { table: Table = |boot| boot.table("assets", Access::Read) } }

#[utoipa::path(
    get, path = "/v1/admin/assets/{id}", tag = "media", params(("id" = AssetId, Path)),
    responses((status = 200, description = "The asset", body = AssetView), Problem)
)]
pub(super) async fn get_asset(
    State(GetAsset { table }): State<GetAsset>,
    _: Editor,
    Path(id): Path<AssetId>,
) -> Result<Json<AssetView>, Problem> {
    let asset = store::assets::find(&table, id).await?.ok_or_else(no_such_asset)?;
    let rows = store::jobs::list(&table, id).await?;
    Ok(Json(progress::view(asset, &rows)))
}
