//! `GET /v1/search`: titles by name, original name and people, in any order of words, with a typo or half a word.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::{Audience, Json, Limit, OpenApiRouter, Problem, Query, State, routes};
use kernel::{Cursor, CursorKey, TitleKind, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    criteria::{Criteria, Slice},
    document::Document,
    found::{FoundPage, FoundTitle},
    index::Index,
    store::Documents,
};

/// Longer, and Postgres answers instead.
const PATIENCE: Duration = Duration::from_millis(800);
const LONGEST_QUERY: usize = 200;
const LONGEST_GENRE: usize = 100;
/// The engine looks no further.
const DEEPEST: usize = 10_000;

#[derive(Clone)]
struct Search {
    index: Index,
    documents: Documents,
    world: World,
    cursors: CursorKey,
    public_url: String,
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Words of a name or a person.
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// What it is.
    #[serde(rename = "type")]
    kind: Option<TitleKind>,
    /// Slug of a genre.
    genre: Option<String>,
    /// When it first appeared.
    year: Option<i16>,
    /// From the page before.
    cursor: Option<String>,
    /// Most titles on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
}

impl Wanted {
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

    /// What a cursor is good for.
    fn list(&self) -> String {
        let filters = (&self.q, self.kind, &self.genre, self.year);
        format!("search-titles {}", serde_json::to_string(&filters).unwrap_or_default())
    }
}

/// Searches what the caller may see. Every word must fit: whole, as a beginning, in another form, or with one typo.
#[utoipa::path(
    get, path = "/v1/search", tag = "search", params(Wanted),
    responses((status = 200, body = FoundPage), Problem)
)]
async fn search_titles(
    State(search): State<Search>,
    audience: Audience,
    Query(wanted): Query<Wanted>,
) -> Result<Json<FoundPage>, Problem> {
    wanted.check()?;
    let (list, now) = (wanted.list(), search.world.now());
    let slice = Slice { from: search.offset(&list, wanted.cursor.as_deref())?, size: usize::from(wanted.limit.0) };
    let criteria = Criteria {
        kind: wanted.kind.map(TitleKind::as_str),
        genre: wanted.genre,
        year: wanted.year,
        ..Criteria::new(&wanted.q, audience.policy.clone(), now)
    };
    let (documents, total, degraded) = search.find(&criteria, slice).await?;
    let reader = (&audience.policy, &audience.locale);
    let shown = documents.into_iter().map(|document| FoundTitle::of(document, reader, now, &search.public_url));
    Ok(Json(FoundPage {
        items: shown.collect(),
        total,
        next_cursor: search.next(&list, slice, total),
        query_id: search.world.id(),
        degraded,
    }))
}

impl Search {
    async fn find(&self, criteria: &Criteria, slice: Slice) -> Result<(Vec<Document>, u64, bool), Problem> {
        if criteria.is_empty() {
            return Ok((vec![], 0, false));
        }
        match self.index.search(criteria, slice).await {
            Ok((documents, total)) => Ok((documents, total, false)),
            Err(error) => {
                tracing::warn!(%error, "Postgres answers for the search engine");
                let (documents, total) = self.documents.search(criteria, slice).await?;
                Ok((documents, total, true))
            }
        }
    }

    fn offset(&self, list: &str, cursor: Option<&str>) -> Result<usize, Problem> {
        let Some(cursor) = cursor else { return Ok(0) };
        let invalid =
            |error| Problem::bad_request("invalid_cursor", "The cursor is not valid for this search.").because(error);
        Cursor::open(&self.cursors, list, cursor).map_err(invalid)
    }

    fn next(&self, list: &str, slice: Slice, total: u64) -> Option<String> {
        let next = slice.from + slice.size;
        let has_more = (next as u64) < total && next + slice.size <= DEEPEST;
        has_more.then(|| Cursor::seal(&self.cursors, list, &next))
    }
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let invalid =
        |error: base64::DecodeError| BootError::Invalid { name: "CURSOR_KEY".to_owned(), reason: error.to_string() };
    let key = BASE64_STANDARD.decode(boot.required("CURSOR_KEY")?).map_err(invalid)?;
    let search = Search {
        index: Index::new(boot, PATIENCE)?,
        documents: Documents(boot.postgres()?),
        world: boot.world(),
        cursors: CursorKey::new(&key),
        public_url: boot.required("PUBLIC_URL")?,
    };
    Ok(OpenApiRouter::new().routes(routes!(search_titles)).with_state(search))
}
