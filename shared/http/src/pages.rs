//! Lists page by page: one extractor reads `limit`, `cursor` and the list's own filter, one call makes the page.

use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::request::Parts,
};
use kernel::{Cursor, CursorKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::{Gate, Limit, Page, Problem, body, caller};

/// `cursor` and `limit`, for the document of an operation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what [`Pages`] reads")]
pub struct PageParams {
    /// From the page before.
    cursor: Option<String>,
    /// Most items on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
}

/// The filter of a list that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfiltered {}

/// Which page of a list somebody wants. A cursor fits only the list, the filter and the caller it was made for.
pub struct Pages<F = Unfiltered> {
    /// The other query parameters.
    pub filter: F,
    limit: Limit,
    cursor: Option<String>,
    list: String,
    key: CursorKey,
}

impl<F: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Pages<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let gate = Gate::of(parts)?;
        let caller = match caller::claims(parts, &gate).await? {
            Some(claims) => claims.pid.map_or_else(|| claims.sub.to_string(), |profile| profile.to_string()),
            None => "anonymous".to_owned(),
        };
        let (mut cursor, mut limit) = (None, Limit::default());
        let mut filter: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "cursor" => cursor = Some(value.into_owned()),
                "limit" => limit = value.parse().map_err(|reason: String| Problem::invalid("limit", reason))?,
                _ => filter.push((name.into_owned(), value.into_owned())),
            }
        }
        filter.sort_unstable();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&filter).finish();
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let path = if route.contains('{') { parts.uri.path() } else { route };
        let list = format!("{path}?{query} {caller}");
        Ok(Self { filter: body::query(&query)?, limit, cursor, list, key: gate.cursors.clone() })
    }
}

impl<F> Pages<F> {
    /// Binds cursors to something else that decides the order, such as the caller's language.
    #[must_use]
    pub fn bound_to(mut self, order: impl std::fmt::Display) -> Self {
        self.list = format!("{} {order}", self.list);
        self
    }

    /// Where the page before ended; `None` on the first.
    ///
    /// # Errors
    /// 400 `invalid_cursor` for one that was not made here, or for another list or caller.
    pub fn after<P: DeserializeOwned>(&self) -> Result<Option<P>, Problem> {
        let open = |cursor: &str| Cursor::open(&self.key, &self.list, cursor);
        self.cursor.as_deref().map(open).transpose().map_err(|error| {
            Problem::bad_request("invalid_cursor", "The cursor is not valid for this list. Begin again without one.")
                .because(error)
        })
    }

    /// How many rows to read: one more than the page holds tells whether there is another.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit.0) + 1
    }

    /// The page of the rows that were read; `place` is what [`Pages::after`] gives back for the next one.
    pub fn page<R, P: Serialize, T>(
        &self,
        mut rows: Vec<R>,
        place: impl FnOnce(&R) -> P,
        item: impl FnMut(R) -> T,
    ) -> Page<T> {
        let length = usize::from(self.limit.0);
        let has_more = rows.len() > length;
        rows.truncate(length);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|row| Cursor::seal(&self.key, &self.list, &place(row)));
        Page { items: rows.into_iter().map(item).collect(), next_cursor }
    }

    /// The same where an item cannot always be made of its row.
    ///
    /// # Errors
    /// The first item's that cannot.
    pub fn try_page<R, P: Serialize, T, E>(
        &self,
        rows: Vec<R>,
        place: impl FnOnce(&R) -> P,
        item: impl FnMut(R) -> Result<T, E>,
    ) -> Result<Page<T>, E> {
        let Page { items, next_cursor } = self.page(rows, place, item);
        Ok(Page { items: items.into_iter().collect::<Result<_, _>>()?, next_cursor })
    }
}
