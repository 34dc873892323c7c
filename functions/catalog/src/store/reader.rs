//! Reading what viewers may see.

use std::collections::BTreeMap;

use kernel::{
    Locale, Territory, TitleId, TitleKind,
    policy::{Audience, Publication, TitleRules, Window, sql_predicate},
};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow, PgPool, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{text::Slug, title::Title};

/// A genre's name by language.
pub(crate) type Names = BTreeMap<String, String>;

/// Reads titles and genres.
#[derive(Clone)]
pub(crate) struct Reader(pub PgPool);

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// Last published first.
    #[default]
    Newest,
    /// By name.
    Title,
    /// Latest year first.
    Year,
}

/// Which titles a list has.
#[derive(Debug, Serialize)]
pub(crate) struct Filter {
    pub kinds: Vec<TitleKind>,
    pub genre: Option<Slug>,
    pub year: Option<i16>,
    pub country: Option<Territory>,
    pub sort: Sort,
    pub locale: Locale,
}

/// What a card shows.
pub(crate) struct CardRow {
    pub id: String,
    pub kind: String,
    pub slug: String,
    pub name: String,
    pub year: i16,
    pub rating: Option<i16>,
    pub genres: Json<Vec<String>>,
    pub windows: Json<Vec<Window>>,
    pub has_asset: bool,
    pub poster: Option<String>,
    pub duration_seconds: Option<f64>,
    /// The row's place in the list.
    pub place: String,
}

impl FromRow<'_, PgRow> for CardRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            year: row.try_get("year")?,
            rating: row.try_get("rating")?,
            genres: row.try_get("genres")?,
            windows: row.try_get("windows")?,
            has_asset: row.try_get("has_asset")?,
            poster: row.try_get("poster")?,
            duration_seconds: row.try_get("duration_seconds")?,
            place: row.try_get("place")?,
        })
    }
}

impl CardRow {
    /// What the visibility policy looks at; only published titles are listed.
    pub(crate) fn rules(&self) -> TitleRules {
        TitleRules {
            publication: Publication::Published,
            rating: self.rating.and_then(|rating| u8::try_from(rating).ok()),
            windows: self.windows.0.clone(),
            has_asset: self.has_asset,
        }
    }
}

/// $4 is the reader's locale, $5 its language.
const NAME: &str = "coalesce(t.names->>$4, t.names->>$5, t.names->>'en', t.names->>'')";

impl Reader {
    /// The page of visible titles after `place`.
    pub(crate) async fn list(
        &self,
        audience: &Audience,
        now: OffsetDateTime,
        filter: &Filter,
        (place, id): (Option<&str>, Option<&str>),
        limit: i64,
    ) -> Result<Vec<CardRow>, sqlx::Error> {
        let (key, after, order) = match filter.sort {
            Sort::Newest => {
                ("t.published_at", "(t.published_at, t.id) < ($10::timestamptz, $11)", "t.published_at desc, t.id desc")
            }
            Sort::Year => ("t.year", "(t.year, t.id) < ($10::smallint, $11)", "t.year desc, t.id desc"),
            // Bytes: every server orders them alike, and the order of a cursor must never change.
            Sort::Title => (
                "lower(n.name) collate \"C\"",
                "(lower(n.name) collate \"C\", t.id) > ($10, $11)",
                "lower(n.name) collate \"C\", t.id",
            ),
        };
        let visible = sql_predicate("t", "$1", "$2", "$3");
        let statement = format!(
            "select t.id, t.kind, t.slug, n.name, t.year, t.rating, t.document->'about'->'genres' as genres, t.windows, \
             t.document->'asset' <> 'null'::jsonb as has_asset, t.document->'asset'->>'poster' as poster, \
             (t.document->'asset'->>'duration_seconds')::float8 as duration_seconds, ({key})::text as place \
             from titles t cross join lateral (select {NAME} as name) n \
             where {visible} and t.kind = any($6) and ($7::text is null or t.document->'about'->'genres' ? $7) \
             and ($8::smallint is null or t.year = $8) and ($9::text is null or t.document->'about'->'countries' ? $9) \
             and ($10::text is null or {after}) order by {order} limit $12"
        );
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
        // Everything that comes from outside is a parameter.
        sqlx::query_as(AssertSqlSafe(statement))
            .bind(i16::from(audience.max_rating))
            .bind(audience.territory.as_str())
            .bind(now)
            .bind(filter.locale.as_str())
            .bind(filter.locale.language())
            .bind(kinds)
            .bind(filter.genre.as_ref().map(Slug::as_str))
            .bind(filter.year)
            .bind(filter.country.as_ref().map(Territory::as_str))
            .bind(place)
            .bind(id)
            .bind(limit)
            .fetch_all(&self.0)
            .await
    }

    /// A title in whatever state, with the names of its genres.
    pub(crate) async fn find(&self, id: TitleId) -> Result<Option<(Title, BTreeMap<String, Names>)>, sqlx::Error> {
        type Row = (Json<Title>, Option<Json<BTreeMap<String, Names>>>);
        let row: Option<Row> = sqlx::query_as(
            "select document, (select jsonb_object_agg(g.slug, g.names) from genres g where t.document->'about'->'genres' ? g.slug) \
             from titles t where t.id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.0)
        .await?;
        Ok(row.map(|(Json(title), genres)| (title, genres.map(|Json(genres)| genres).unwrap_or_default())))
    }

    /// All genres with their names.
    pub(crate) async fn genres(&self) -> Result<Vec<(String, Json<Names>)>, sqlx::Error> {
        sqlx::query_as("select slug, names from genres order by slug").fetch_all(&self.0).await
    }

    /// Whether there is such a genre.
    pub(crate) async fn has_genre(&self, slug: &Slug) -> Result<bool, sqlx::Error> {
        let exists = sqlx::query_scalar("select exists (select from genres where slug = $1)");
        exists.bind(slug.as_str()).fetch_one(&self.0).await
    }
}
