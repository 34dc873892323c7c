//! `GET /v1/continue-watching`: what the profile has begun and not finished, and the next episode of what it has.

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
    store::continue_watching::{self, ContinuedRow},
};

runtime::wire! { pub(super) struct ListContinueWatching { pool: PgPool, world: World, public_url: PublicUrl } }

/// A title to watch on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Continued {
    title: Card,
    /// Where playing it goes on; 0 for an episode that was not looked at yet, or was watched.
    position_seconds: f64,
    /// Length of the film.
    duration_seconds: f64,
    /// Whether it is the episode after one that was finished.
    is_next_episode: bool,
    /// When it, or the episode before it, was watched last.
    #[serde(with = "time::serde::rfc3339")]
    watched_at: OffsetDateTime,
}

impl Continued {
    fn of(row: ContinuedRow, public_url: &PublicUrl) -> Self {
        Self {
            title: Card::of(row.card, public_url),
            position_seconds: seconds(row.position_ms),
            duration_seconds: seconds(row.duration_ms),
            is_next_episode: row.is_next_episode,
            watched_at: row.watched_at,
        }
    }
}

/// What the profile can watch on, last watched first: begun (5 %), not finished (90 %), longer than five minutes. Of a series one episode; a
/// finished one offers the next of its season, or the first of the next season.
#[utoipa::path(
    get, path = "/v1/continue-watching", tag = "user", params(PageParams),
    responses((status = 200, body = Page<Continued>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_continue_watching(
    State(ListContinueWatching { pool, world, public_url }): State<ListContinueWatching>,
    viewer: Viewer,
    pages: Pages,
    headers: HeaderMap,
) -> Result<Cached<Page<Continued>>, Problem> {
    let rows = continue_watching::list(&pool, &viewpoint(viewer, &world), pages.after()?, pages.rows()).await?;
    let page = pages.page(rows, ContinuedRow::place, |row| Continued::of(row, &public_url));
    Ok(Cached::private(page, &headers))
}
