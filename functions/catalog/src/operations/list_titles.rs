//! `GET /v1/titles`: the titles that this caller may see.

use std::time::Duration;

use cinema_http::{Audience, Cached, Page, PageParams, Pages, Problem, State};
use kernel::{
    TitleCard, World,
    policy::{self, leaving_soon_at, may_watch_once_paid},
};
use runtime::PublicUrl;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::{
    list::Filter,
    store::{
        cards::{self, CardRow},
        genres,
    },
    text::Slug,
};

runtime::wire! { pub(super) struct ListTitles { pool: PgPool, world: World, public_url: PublicUrl } }

const MAX_AGE: Duration = Duration::from_secs(60);

/// Lists visible titles. Titles that are published while somebody pages neither repeat nor hide others.
#[utoipa::path(
    get, path = "/v1/titles", tag = "catalog", params(Filter, PageParams),
    responses((status = 200, body = Page<TitleCard>), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn list_titles(
    State(ListTitles { pool, world, public_url }): State<ListTitles>,
    audience: Audience,
    pages: Pages<Filter>,
) -> Result<Cached<Page<TitleCard>>, Problem> {
    let pages = pages.bound_to(format!("{} {}", audience.languages.tags().join(","), collation::VERSION));
    let (filter, now) = (&pages.filter, world.now());
    let reader = (&audience.policy, &audience.languages);
    let rows = cards::list(&pool, filter, reader, now, pages.after()?, pages.rows()).await?;
    if let (true, Some(genre)) = (rows.is_empty(), &filter.genre) {
        check_genre(&pool, genre).await?;
    }
    let place = |row: &CardRow| (row.key.clone(), row.id);
    let page = pages.page(rows, place, |row| card(row, &audience.policy, now, &public_url));
    Ok(audience.cache(page, MAX_AGE))
}

pub(super) fn card(
    mut row: CardRow,
    audience: &policy::Audience,
    now: OffsetDateTime,
    public_url: &PublicUrl,
) -> TitleCard {
    let rules = row.take_rules();
    TitleCard {
        id: row.id,
        kind: row.kind,
        slug: row.slug,
        name: row.name,
        year: Some(row.year).filter(|year| *year != 0),
        rating: row.rating,
        genres: row.genres,
        poster_url: row.poster.map(|path| public_url.media(&path)),
        duration_seconds: row.duration_seconds,
        playable: may_watch_once_paid(&rules, audience, now).is_ok(),
        leaving_at: leaving_soon_at(&rules, &audience.territory, now),
    }
}

/// A list of nothing may come from a genre that does not exist.
async fn check_genre(pool: &PgPool, genre: &Slug) -> Result<(), Problem> {
    let exists = genres::exists(pool, genre).await?;
    if exists { Ok(()) } else { Err(Problem::invalid("genre", "there is no such genre")) }
}
