//! `GET /v1/titles`: the titles that this caller may see.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::{Audience, Cached, Limit, OpenApiRouter, Page, Problem, Query, State, routes};
use kernel::{Cursor, CursorKey, Territory, TitleKind, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    card::Card,
    store::{CardRow, Filter, Reader, Sort},
    text::Slug,
};

const MAX_AGE: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Titles {
    reader: Reader,
    world: World,
    cursors: CursorKey,
    public_url: String,
}

/// Which titles to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// What it is; films and series when absent.
    #[serde(rename = "type")]
    kind: Option<TitleKind>,
    /// Slug of a genre.
    genre: Option<Slug>,
    /// When it first appeared.
    year: Option<i16>,
    /// Where it was made.
    country: Option<Territory>,
    /// The order.
    #[serde(default)]
    sort: Sort,
    /// From the page before.
    cursor: Option<String>,
    /// Most titles on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
}

/// Where a page ends: the sort key and the id of its last title.
type Place = (String, String);

/// Lists visible titles. Titles that are published while somebody pages neither repeat nor hide others.
#[utoipa::path(
    get, path = "/v1/titles", tag = "catalog", params(Wanted),
    responses((status = 200, body = Page<Card>), (status = 304, description = "Not changed"), Problem)
)]
async fn list_titles(
    State(titles): State<Titles>,
    audience: Audience,
    Query(wanted): Query<Wanted>,
) -> Result<Cached<Page<Card>>, Problem> {
    let kinds = wanted.kind.map_or_else(|| vec![TitleKind::Film, TitleKind::Series], |kind| vec![kind]);
    let Wanted { genre, year, country, sort, .. } = wanted;
    let filter = Filter { kinds, genre, year, country, sort, locale: audience.locale.clone() };
    let page = titles.page(&audience, &filter, wanted.cursor.as_deref(), wanted.limit).await?;
    Ok(audience.cache(page, MAX_AGE))
}

impl Titles {
    async fn page(
        &self,
        audience: &Audience,
        filter: &Filter,
        cursor: Option<&str>,
        limit: Limit,
    ) -> Result<Page<Card>, Problem> {
        let list = format!("catalog-list-titles {}", serde_json::to_string(filter).map_err(Problem::internal)?);
        let open = |cursor| Cursor::open(&self.cursors, &list, cursor);
        let invalid =
            |error| Problem::bad_request("invalid_cursor", "The cursor is not valid for this list.").because(error);
        let place: Option<Place> = cursor.map(open).transpose().map_err(invalid)?;
        let after = (place.as_ref().map(|place| place.0.as_str()), place.as_ref().map(|place| place.1.as_str()));
        let now = self.world.now();
        let mut rows = self.reader.list(&audience.policy, now, filter, after, i64::from(limit.0) + 1).await?;
        self.check_genre(filter, rows.is_empty()).await?;
        let has_more = rows.len() > usize::from(limit.0);
        rows.truncate(usize::from(limit.0));
        let seal = |row: &CardRow| Cursor::seal(&self.cursors, &list, &(&row.place, &row.id));
        let next_cursor = rows.last().filter(|_| has_more).map(seal);
        let cards = rows.into_iter().map(|row| Card::of(row, &audience.policy, now, &self.public_url));
        Ok(Page { items: cards.collect::<Result<_, _>>().map_err(Problem::internal)?, next_cursor })
    }

    /// A list of nothing may come from a genre that does not exist.
    async fn check_genre(&self, filter: &Filter, is_empty: bool) -> Result<(), Problem> {
        match &filter.genre {
            Some(genre) if is_empty && !self.reader.has_genre(genre).await? => {
                Err(Problem::invalid("genre", "there is no such genre"))
            }
            _ => Ok(()),
        }
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
    let titles = Titles {
        reader: Reader(boot.postgres()?),
        world: boot.world(),
        cursors: CursorKey::new(&key),
        public_url: boot.required("PUBLIC_URL")?,
    };
    Ok(OpenApiRouter::new().routes(routes!(list_titles)).with_state(titles))
}
