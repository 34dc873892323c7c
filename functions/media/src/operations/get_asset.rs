//! `GET /v1/admin/assets/{id}`: how far an asset is, what it will be, what it has cost and, if it failed, why.

use cinema_http::{Editor, Json, OpenApiRouter, Path, Problem, State, axum, routes};
use kernel::AssetId;
use runtime::{Access, Boot, BootError};

use crate::progress::{self, AssetView};
use crate::store::Store;

#[utoipa::path(
    get, path = "/v1/admin/assets/{id}", tag = "media", security(("editor" = [])),
    params(("id" = AssetId, Path)),
    responses((status = 200, description = "The asset", body = AssetView), Problem)
)]
async fn get_asset(State(store): State<Store>, _: Editor, Path(id): Path<AssetId>) -> Result<Json<AssetView>, Problem> {
    let asset = store.asset(id).await?.ok_or_else(|| Problem::not_found("asset"))?;
    let rows = store.ledger(id).await?;
    Ok(Json(progress::view(asset, &rows)))
}

/// Wires the operation.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let store = Store::new(boot.table("assets", Access::Read)?, boot.world());
    Ok(OpenApiRouter::new().routes(routes!(get_asset)).with_state(store))
}
