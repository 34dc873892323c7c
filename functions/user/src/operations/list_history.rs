//! `GET /v1/history`: what the profile has watched, last first.

use cinema_http::{Cached, HeaderMap, Page, PageParams, Pages, Problem, State, Viewer};
use kernel::World;
use runtime::PublicUrl;
use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{seconds, viewpoint};
use crate::{
    card::Card,
    store::history::{self, WatchedRow},
};

runtime::wire! { pub(super) struct ListHistory { pool: PgPool, world: World, public_url: PublicUrl } }

/// A title that was watched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Watched {
    title: Card,
    /// Where the last session of it has got to.
    position_seconds: f64,
    /// Length of the film then.
    duration_seconds: f64,
    /// How much of it was really played, in all sessions.
    watched_seconds: f64,
    /// When it was watched last.
    #[serde(with = "time::serde::rfc3339")]
    watched_at: OffsetDateTime,
    /// What the profile thinks of it, 1–10.
    #[serde(skip_serializing_if = "Option::is_none")]
    my_rating: Option<i16>,
    /// Whether another service told it, and nothing of it was played here.
    is_imported: bool,
}

impl Watched {
    fn of(row: WatchedRow, public_url: &PublicUrl) -> Self {
        Self {
            title: Card::of(row.card, public_url),
            position_seconds: seconds(row.position_ms),
            duration_seconds: seconds(row.duration_ms),
            watched_seconds: seconds(row.watched_ms),
            watched_at: row.watched_at,
            my_rating: row.rating,
            is_imported: row.is_imported,
        }
    }
}

/// What the profile has watched: every title once. Titles that it may not see now are left out.
#[utoipa::path(
    get, path = "/v1/history", tag = "user", params(PageParams),
    responses((status = 200, body = Page<Watched>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_history(
    State(ListHistory { pool, world, public_url }): State<ListHistory>,
    viewer: Viewer,
    pages: Pages,
    headers: HeaderMap,
) -> Result<Cached<Page<Watched>>, Problem> {
    let rows = history::list(&pool, &viewpoint(viewer, &world), pages.after()?, pages.rows()).await?;
    let page = pages.page(rows, WatchedRow::place, |row| Watched::of(row, &public_url));
    Ok(Cached::private(page, &headers))
}
