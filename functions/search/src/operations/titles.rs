//! `GET /v1/search`: titles by name, original name and people, in any order of words, with a typo or half a word.

use std::time::Duration;

use cinema_http::{Audience, Json, Page, PageParams, Pages, Problem, State};
use kernel::{TitleKind, World};
use runtime::PublicUrl;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;

use crate::{
    criteria::{Criteria, Slice},
    document::Found,
    found::{FoundPage, card},
    index::Index,
    store::documents,
};

runtime::wire! {
    pub(super) struct SearchTitles {
        index: Index = |boot| Index::new(boot, PATIENCE), pool: PgPool, world: World, public_url: PublicUrl
    }
}

/// Longer, and Postgres answers instead.
const PATIENCE: Duration = Duration::from_millis(800);
const LONGEST_QUERY: usize = 200;
const LONGEST_GENRE: usize = 100;
/// The engine looks no further.
const DEEPEST: usize = 10_000;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Words of a name or a person.
    #[param(min_length = 1, max_length = 200, pattern = "\\S")]
    q: String,
    /// What it is.
    #[serde(rename = "type")]
    #[param(inline)]
    kind: Option<TitleKind>,
    /// Slug of a genre.
    #[param(pattern = "^[a-z0-9-]{1,100}$")]
    genre: Option<String>,
    /// When it first appeared.
    #[param(minimum = -32768, maximum = 32767)]
    year: Option<i16>,
}

impl Filter {
    fn check(&self) -> Result<(), Problem> {
        if !(1..=LONGEST_QUERY).contains(&self.q.trim().chars().count()) {
            return Err(Problem::invalid("q", format!("must be 1 to {LONGEST_QUERY} characters")));
        }
        let is_slug = |genre: &String| {
            let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=LONGEST_GENRE).contains(&genre.len()) && genre.bytes().all(is_part)
        };
        if self.genre.as_ref().is_some_and(|genre| !is_slug(genre)) {
            return Err(Problem::invalid("genre", "must be the slug of a genre"));
        }
        Ok(())
    }
}

/// Searches what the caller may see. Every word must fit: whole, as a beginning, in another form, or with one typo.
#[utoipa::path(
    get, path = "/v1/search", tag = "search", params(Filter, PageParams),
    responses((status = 200, body = FoundPage), Problem)
)]
pub(super) async fn search_titles(
    State(search): State<SearchTitles>,
    audience: Audience,
    pages: Pages<Filter>,
) -> Result<Json<FoundPage>, Problem> {
    let filter = &pages.filter;
    filter.check()?;
    let now = search.world.now();
    let criteria = Criteria {
        kind: filter.kind,
        genre: filter.genre.clone(),
        year: filter.year,
        ..Criteria::new(&filter.q, audience.policy.clone(), now)
    };
    let (rows, from) = (usize::try_from(pages.rows()).unwrap_or(0), pages.after()?.unwrap_or(0));
    let slice = Slice { from, size: rows.min(DEEPEST.saturating_sub(from)) };
    let (Found { documents, total }, degraded) = search.find(&criteria, slice).await?;
    let reader = (&audience.policy, &audience.languages);
    let item = |document| card(document, reader, now, &search.public_url);
    // The last of the rows only tells that there is another page.
    let Page { items, next_cursor } = pages.page(documents, |_| from + rows - 1, item);
    Ok(Json(FoundPage { items, total, next_cursor, query_id: search.world.id(), degraded }))
}

impl SearchTitles {
    /// What was found, and whether Postgres had to find it.
    async fn find(&self, criteria: &Criteria, slice: Slice) -> Result<(Found, bool), Problem> {
        if criteria.is_empty() {
            return Ok((Found::default(), false));
        }
        match self.index.search(criteria, slice).await {
            Ok(found) => Ok((found, false)),
            Err(error) => {
                tracing::warn!(%error, "postgres answers for the search engine");
                Ok((documents::search(&self.pool, criteria, slice).await?, true))
            }
        }
    }
}
