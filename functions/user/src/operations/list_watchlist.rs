//! `GET /v1/watchlist`: what the profile wants to watch, newest first, as far as it may see it now.

use cinema_http::{Cached, HeaderMap, Page, PageParams, Pages, Problem, State, Viewer};
use kernel::World;
use runtime::PublicUrl;
use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::viewpoint;
use crate::{
    card::Card,
    store::watchlist::{self, ListedRow},
};

runtime::wire! { pub(super) struct ListWatchlist { pool: PgPool, world: World, public_url: PublicUrl } }

/// A title on the watchlist.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed {
    title: Card,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    added_at: OffsetDateTime,
}

/// The profile's watchlist. Titles that it may not see now are left out; they come back when it may.
#[utoipa::path(
    get, path = "/v1/watchlist", tag = "user", params(PageParams),
    responses((status = 200, body = Page<Listed>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_watchlist(
    State(ListWatchlist { pool, world, public_url }): State<ListWatchlist>,
    viewer: Viewer,
    pages: Pages,
    headers: HeaderMap,
) -> Result<Cached<Page<Listed>>, Problem> {
    let rows = watchlist::list(&pool, &viewpoint(viewer, &world), pages.after()?, pages.rows()).await?;
    let item = |row: ListedRow| Listed { title: Card::of(row.card, &public_url), added_at: row.added_at };
    Ok(Cached::private(pages.page(rows, ListedRow::place, item), &headers))
}
