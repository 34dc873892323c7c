//! `GET /v1/genres`: all genres in the caller's language.

use std::time::Duration;

use cinema_http::{Audience, Cached, Page, Problem, State};
use collation::Order;
use sqlx::PgPool;

use crate::{genre::Genre, store::genres};

runtime::wire! { pub(super) struct ListGenres { pool: PgPool } }

const MAX_AGE: Duration = Duration::from_secs(3600);

/// All genres by name; there is only one page.
#[utoipa::path(
    get, path = "/v1/genres", tag = "catalog",
    responses((status = 200, body = Page<Genre>), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn list_genres(
    State(ListGenres { pool }): State<ListGenres>,
    audience: Audience,
) -> Result<Cached<Page<Genre>>, Problem> {
    let known = genres::all(&pool).await?;
    let mut items: Vec<_> = known.iter().map(|(slug, names)| Genre::of(slug, names, &audience.languages)).collect();
    if let Some(order) = Order::of(&audience.languages) {
        items.sort_by_cached_key(|genre| order.key(&genre.name));
    }
    Ok(audience.cache(Page { items, next_cursor: None }, MAX_AGE))
}
