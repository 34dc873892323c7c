//! `GET /v1/search/suggest`: titles, people and genres for a text that is being typed. It never fails: without an answer in time there is nothing
//! to suggest.

use std::time::Duration;

use cinema_http::{Audience, Json, Problem, Query, State};
use kernel::{Names, QueryId, TitleId, TitleKind, World};
use serde::{Deserialize, Serialize};
use stores::StoreError;
use utoipa::{IntoParams, ToSchema};

use crate::{asked::Reach, criteria::Criteria, document::NamedTitle, found::Suggested, index::Index, spelling::fits};

runtime::wire! {
    pub(super) struct Suggest { index: Index = |boot| Index::new(boot, PATIENCE), world: World }
}

/// Nobody waits longer while typing.
const PATIENCE: Duration = Duration::from_millis(300);
const LONGEST_QUERY: usize = 200;
const MOST_PEOPLE: usize = 5;
const MOST_GENRES: usize = 3;

/// What is being typed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Typed {
    /// The text so far.
    #[param(min_length = 1, max_length = 200, pattern = "\\S")]
    q: String,
}

/// What somebody may be about to search for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Suggestions {
    /// Best first, at most six.
    titles: Vec<SuggestedTitle>,
    /// Names, at most five.
    people: Vec<String>,
    /// Slugs, at most three.
    genres: Vec<String>,
    /// Names this search when a suggestion is clicked.
    query_id: QueryId,
}

/// A title that is suggested.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuggestedTitle {
    id: TitleId,
    kind: TitleKind,
    slug: String,
    /// In the caller's language.
    name: String,
    /// When it first appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i16>,
}

/// What the caller may see that begins like this, by any word, with a typo if nothing does.
#[utoipa::path(
    get, path = "/v1/search/suggest", tag = "search", params(Typed),
    responses((status = 200, body = Suggestions), Problem)
)]
pub(super) async fn suggest(
    State(state): State<Suggest>,
    audience: Audience,
    Query(typed): Query<Typed>,
) -> Result<Json<Suggestions>, Problem> {
    if !(1..=LONGEST_QUERY).contains(&typed.q.trim().chars().count()) {
        return Err(Problem::invalid("q", format!("must be 1 to {LONGEST_QUERY} characters")));
    }
    let criteria = Criteria::new(&typed.q, audience.policy.clone(), state.world.now());
    let (criteria, reach, found) = state.find(&typed.q, &criteria).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "nothing is suggested");
        (criteria, Reach::AsWritten, Default::default())
    });
    Ok(Json(Suggestions {
        people: people(&criteria, reach, &found),
        genres: genres(&criteria, &found),
        titles: found.titles.into_iter().map(|found| title(found, &audience)).collect(),
        query_id: state.world.id(),
    }))
}

impl Suggest {
    /// As typed, else in the other keyboard layout, else with typos.
    async fn find(&self, text: &str, criteria: &Criteria) -> Result<(Criteria, Reach, Suggested), StoreError> {
        if criteria.is_empty() || criteria.has_only_signs() {
            return Ok((criteria.clone(), Reach::AsWritten, Default::default()));
        }
        let swapped = criteria.in_other_layout(text).map(|(_, swapped)| (swapped, Reach::AsWritten));
        let ways = [Some((criteria.clone(), Reach::AsWritten)), swapped];
        for (criteria, reach) in ways.into_iter().flatten() {
            let found = self.index.suggest(&criteria, reach).await?;
            let has_genre = !genres(&criteria, &found).is_empty();
            if has_genre || !found.titles.is_empty() || !found.people.is_empty() {
                return Ok((criteria, reach, found));
            }
        }
        let found = self.index.suggest(criteria, Reach::WithTypos).await?;
        Ok((criteria.clone(), Reach::WithTypos, found))
    }
}

fn title(found: NamedTitle, audience: &Audience) -> SuggestedTitle {
    let names = Names { by_locale: found.names, original: found.original_title };
    SuggestedTitle {
        id: found.title_id,
        kind: found.kind,
        slug: found.slug,
        name: names.for_reader(&audience.languages).to_owned(),
        year: found.year,
    }
}

/// Those who fit, in the order of their titles.
fn people(criteria: &Criteria, reach: Reach, found: &Suggested) -> Vec<String> {
    let mut people: Vec<String> = vec![];
    for name in &found.people {
        if people.len() < MOST_PEOPLE && fits(&criteria.asked, reach, name) && !people.contains(name) {
            people.push(name.clone());
        }
    }
    people
}

/// Genres of the titles that were found, as far as they begin like the text themselves.
fn genres(criteria: &Criteria, found: &Suggested) -> Vec<String> {
    let words: Vec<_> = criteria.asked.words.iter().map(|word| word.folded.as_str()).collect();
    let beginning = words.join("-");
    found.genres.iter().filter(|genre| genre.starts_with(&beginning)).take(MOST_GENRES).cloned().collect()
}
