//! The rows of lists: visible titles with what a card shows.

use kernel::{
    Languages, Names, TitleId, TitleKind,
    policy::{Audience, Publication, TitleRules, Window, sql_predicate},
};
use sqlx::{AssertSqlSafe, FromRow, PgPool, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use crate::{
    list::{Filter, Place, Sort},
    text::Slug,
};

/// What a card shows.
pub(crate) struct CardRow {
    pub id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    pub name: String,
    /// 0: unknown.
    pub year: i16,
    pub rating: Option<u8>,
    pub genres: Vec<String>,
    pub windows: Vec<Window>,
    pub has_asset: bool,
    pub poster: Option<String>,
    pub duration_seconds: Option<f64>,
    /// By which the list is sorted, as text.
    pub key: String,
}

/// By position: looking columns up by name took a fifth of a list's instructions.
impl FromRow<'_, PgRow> for CardRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let rating: Option<i16> = row.try_get(5)?;
        let Json(genres) = row.try_get(6)?;
        let Json(windows) = row.try_get(7)?;
        Ok(Self {
            id: row.try_get(0)?,
            kind: row.try_get(1)?,
            slug: row.try_get(2)?,
            name: row.try_get(3)?,
            year: row.try_get(4)?,
            rating: rating.and_then(|rating| u8::try_from(rating).ok()),
            genres,
            windows,
            has_asset: row.try_get(8)?,
            poster: row.try_get(9)?,
            duration_seconds: row.try_get(10)?,
            key: row.try_get(11)?,
        })
    }
}

impl CardRow {
    /// Takes the rules that the visibility policy looks at; only published titles are listed.
    pub(crate) fn take_rules(&mut self) -> TitleRules {
        TitleRules {
            publication: Publication::Published,
            rating: self.rating,
            windows: std::mem::take(&mut self.windows),
            has_asset: self.has_asset,
        }
    }
}

/// The first `limit` visible titles after a place.
pub(crate) async fn list(
    pool: &PgPool,
    filter: &Filter,
    (audience, reader): (&Audience, &Languages),
    now: OffsetDateTime,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<CardRow>, sqlx::Error> {
    let (key, is_after, order) = match filter.sort {
        Sort::Newest => {
            ("t.published_at", "(t.published_at, t.id) < ($9::timestamptz, $10)", "t.published_at desc, t.id desc")
        }
        Sort::Year => ("t.year", "(t.year, t.id) < ($9::smallint, $10)", "t.year desc, t.id desc"),
        // Bytes: every server orders them alike, and the order of a cursor must never change.
        Sort::Title => (
            "lower(n.name) collate \"C\"",
            "(lower(n.name) collate \"C\", t.id) > ($9, $10)",
            "lower(n.name) collate \"C\", t.id",
        ),
    };
    let visible = sql_predicate("t", "$1", "$2", "$3");
    let name = Names::sql("t.names", "$4");
    let statement = format!(
        "select t.id, t.kind, t.slug, n.name, t.year, t.rating, t.document->'about'->'genres', t.windows, \
         t.document->'asset' <> 'null'::jsonb, t.document->'asset'->>'poster', \
         (t.document->'asset'->>'duration_seconds')::float8, ({key})::text \
         from titles t cross join lateral (select {name} as name) n \
         where {visible} and t.kind = any($5) and ($6::text is null or t.document->'about'->'genres' ? $6) \
         and ($7::smallint is null or t.year = $7) and ($8::text is null or t.document->'about'->'countries' ? $8) \
         and ($9::text is null or {is_after}) order by {order} limit $11"
    );
    let (key, id) = after.unzip();
    // Everything that comes from outside is a parameter.
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(reader.tags())
        .bind(filter.kinds())
        .bind(filter.genre.as_ref().map(Slug::as_str))
        .bind(filter.year)
        .bind(filter.country.as_ref())
        .bind(key)
        .bind(id)
        .bind(limit)
        .fetch_all(pool)
        .await
}
