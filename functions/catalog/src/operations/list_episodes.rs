//! `GET /v1/titles/{id}/episodes`: the episodes of a series or season that this caller may see, in the order in which they are watched.

use cinema_http::{Audience, Cached, Page, PageParams, Pages, Path, Problem, State};
use kernel::{TitleId, TitleKind, World};
use runtime::PublicUrl;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;

use super::get_title::{MAX_AGE, require_visible};
use crate::{
    draft::GREATEST_NUMBER,
    episode::Episode,
    problems::no_such_title,
    store::{
        episodes::{self, EpisodeRow},
        titles,
    },
};

runtime::wire! { pub(super) struct ListEpisodes { pool: PgPool, world: World, public_url: PublicUrl } }

/// Which episodes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EpisodesFilter {
    /// The number of a season; 0 for specials. All seasons when absent.
    #[param(maximum = 9999)]
    season: Option<u16>,
}

/// Lists what can be seen itself and whose season and series can: by season and number, specials after everything else.
#[utoipa::path(
    get, path = "/v1/titles/{id}/episodes", tag = "catalog", params(("id" = TitleId, Path), EpisodesFilter, PageParams),
    responses((status = 200, body = Page<Episode>), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn list_episodes(
    State(ListEpisodes { pool, world, public_url }): State<ListEpisodes>,
    audience: Audience,
    Path(id): Path<TitleId>,
    pages: Pages<EpisodesFilter>,
) -> Result<Cached<Page<Episode>>, Problem> {
    let season = pages.filter.season;
    if season.is_some_and(|season| season > GREATEST_NUMBER) {
        return Err(Problem::invalid("season", format!("must be at most {GREATEST_NUMBER}")));
    }
    let found = titles::find(&pool, id).await?.ok_or_else(no_such_title)?;
    let now = world.now();
    require_visible(&found, &audience, now)?;
    if !matches!(found.title.about.kind, TitleKind::Series | TitleKind::Season) {
        return Err(no_such_title());
    }
    let rows = episodes::list(&pool, (id, season), &audience.policy, now, pages.after()?, pages.rows()).await?;
    let reader = (&audience.policy, &audience.languages);
    let page = pages.page(rows, EpisodeRow::place, |row| Episode::of(row, reader, now, &public_url));
    Ok(audience.cache(page, MAX_AGE))
}
