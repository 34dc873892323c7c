//! `GET /v1/search`: titles by name, original name and people, in any order of words, with a typo or half a word.

use std::time::Duration;

use cinema_http::{Audience, Json, Page, PageParams, Pages, Problem, State};
use kernel::{QueryId, TitleKind, World};
use runtime::PublicUrl;
use serde::Deserialize;
use sqlx::PgPool;
use stores::StoreError;
use utoipa::IntoParams;

use crate::{
    asked::Reach,
    criteria::{Criteria, Slice},
    document::Document,
    found::{Found, FoundPage, card},
    index::Index,
    order::{Order, Place, Sort},
    spelling::{corrected, proposal},
    store::{documents, queries},
    synonyms::KnownSynonyms,
};

runtime::wire! {
    pub(super) struct SearchTitles {
        index: Index = |boot| Index::new(boot, PATIENCE), pool: PgPool, world: World, public_url: PublicUrl,
        synonyms: KnownSynonyms = |boot| Ok(KnownSynonyms::new(boot.postgres()?)),
    }
}

/// Longer, and Postgres answers instead.
const PATIENCE: Duration = Duration::from_millis(800);
/// Longer, and the search is not counted.
const NOTING: Duration = Duration::from_millis(50);
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
    /// The order.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
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

/// Searches what the caller may see. Every word must fit: whole, as a beginning, in another form or alphabet; where
/// nothing fits, with typos or as typed in the other keyboard layout. Articles and connectives need not fit.
#[utoipa::path(
    get, path = "/v1/search", tag = "search", params(Filter, PageParams),
    responses((status = 200, body = FoundPage), Problem)
)]
pub(super) async fn search_titles(
    State(search): State<SearchTitles>,
    audience: Audience,
    pages: Pages<Filter>,
) -> Result<Json<FoundPage>, Problem> {
    pages.filter.check()?;
    let order = Order { sort: pages.filter.sort, reader: audience.languages.clone() };
    let pages = pages.bound_to(order.binding());
    let (filter, now) = (&pages.filter, search.world.now());
    let (from, after) = match pages.after()? {
        None => (0, None),
        Some(Place::Passed(from)) => (from, None),
        Some(Place::Last(last)) => (0, Some(last)),
    };
    let criteria = Criteria {
        kind: filter.kind,
        genre: filter.genre.clone(),
        year: filter.year,
        order,
        after,
        ..Criteria::new(&filter.q, audience.policy.clone(), now)
    };
    let criteria = criteria.with(&*search.synonyms.at(now).await);
    let rows = usize::try_from(pages.rows()).unwrap_or(0);
    let slice = Slice { from, size: rows.min(DEEPEST.saturating_sub(from)) };
    let Answer { found, did_you_mean, is_degraded } = search.find(&filter.q, &criteria, slice).await?;
    let query_id = search.world.id();
    // Only what is asked first: later pages belong to it.
    if is_first(&criteria, slice) && !criteria.is_empty() {
        search.note(query_id, &criteria, found.total).await;
    }
    let reader = (&audience.policy, &audience.languages);
    let item = |document| card(document, reader, now, &search.public_url);
    let position = criteria.order.position();
    // By relevance the last of the rows only tells that there is another page.
    let place = |last: &Document| position.map_or(Place::Passed(from + rows - 1), |of| Place::Last(of(last)));
    let Page { items, next_cursor } = pages.page(found.documents, place, item);
    Ok(Json(FoundPage {
        items,
        total: found.total,
        next_cursor,
        facets: found.facets,
        did_you_mean,
        query_id,
        degraded: is_degraded,
    }))
}

fn is_first(criteria: &Criteria, slice: Slice) -> bool {
    slice.from == 0 && criteria.after.is_none()
}

/// What was found, by which engine, and what to search for instead.
#[derive(Default)]
struct Answer {
    found: Found,
    did_you_mean: Option<String>,
    is_degraded: bool,
}

impl SearchTitles {
    /// For the report on relevance: an answer is worth more than its count.
    async fn note(&self, id: QueryId, criteria: &Criteria, total: u64) {
        let noted = queries::add(&self.pool, id, criteria.words(), total, criteria.now);
        match tokio::time::timeout(NOTING, noted).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a search is not counted"),
            Err(_) => tracing::warn!("a search is not counted: postgres is slow"),
        }
    }

    async fn find(&self, text: &str, criteria: &Criteria, slice: Slice) -> Result<Answer, Problem> {
        if criteria.is_empty() {
            return Ok(Answer::default());
        }
        match self.ask_engine(text, criteria, slice).await {
            Ok((found, did_you_mean)) => Ok(Answer { found, did_you_mean, is_degraded: false }),
            Err(error) => {
                tracing::warn!(%error, "postgres answers for the search engine");
                let (found, did_you_mean) = self.ask_postgres(text, criteria, slice).await?;
                Ok(Answer { found, did_you_mean, is_degraded: true })
            }
        }
    }

    /// As written, else in the other keyboard layout, else with typos; else a proposal.
    async fn ask_engine(
        &self,
        text: &str,
        criteria: &Criteria,
        slice: Slice,
    ) -> Result<(Found, Option<String>), StoreError> {
        let found = self.index.search(criteria, Reach::AsWritten, slice).await?;
        if found.total > 0 || criteria.has_only_signs() {
            return Ok((found, None));
        }
        let swapped = criteria.in_other_layout(text);
        if let Some((meant, swapped)) = &swapped {
            let found = self.index.search(swapped, Reach::AsWritten, slice).await?;
            if found.total > 0 {
                return Ok((found, Some(meant.clone())));
            }
        }
        for criteria in [Some(criteria), swapped.as_ref().map(|(_, swapped)| swapped)].into_iter().flatten() {
            let found = self.index.search(criteria, Reach::WithTypos, slice).await?;
            if found.total > 0 {
                // On a later page the best one is on another.
                let best = if is_first(criteria, slice) { self.best(criteria, &found).await? } else { None };
                let meant = best.and_then(|document| corrected(&criteria.asked, &document));
                return Ok((found, meant));
            }
        }
        let nearest = self.index.search(&criteria.by_relevance(), Reach::AnyWord, Slice { from: 0, size: 1 }).await?;
        let proposal = nearest.documents.first().and_then(|document| proposal(&criteria.asked, document));
        Ok((Found::default(), proposal.map(str::to_owned)))
    }

    /// Of what was found with typos what fits best, whatever it was sorted by.
    async fn best(&self, criteria: &Criteria, found: &Found) -> Result<Option<Document>, StoreError> {
        if criteria.order.sort == Sort::Relevance {
            return Ok(found.documents.first().cloned());
        }
        let one = Slice { from: 0, size: 1 };
        let best = self.index.search(&criteria.by_relevance(), Reach::WithTypos, one).await?;
        Ok(best.documents.into_iter().next())
    }

    async fn ask_postgres(
        &self,
        text: &str,
        criteria: &Criteria,
        slice: Slice,
    ) -> Result<(Found, Option<String>), Problem> {
        let (found, best) = documents::search(&self.pool, criteria, slice).await?;
        if found.total > 0 {
            let best = best.filter(|_| is_first(criteria, slice));
            let meant = best.and_then(|document| corrected(&criteria.asked, &document));
            return Ok((found, meant));
        }
        let Some((meant, swapped)) = criteria.in_other_layout(text) else { return Ok((found, None)) };
        let (found, _) = documents::search(&self.pool, &swapped, slice).await?;
        let meant = (found.total > 0).then_some(meant);
        Ok((found, meant))
    }
}
