//! Titles as the catalogue tells them, and who may see them now.

use events::Title;
use kernel::{Names, TitleId, TitleKind, policy::sql_predicate};
use sqlx::{FromRow, PgPool, Row, postgres::PgRow, types::Json};

/// Keeps the newest state of a title.
pub(crate) async fn put(pool: &PgPool, title: &Title) -> Result<(), sqlx::Error> {
    let duration = title.duration_seconds();
    sqlx::query(
        "insert into titles (id, sequence, kind, slug, names, year, poster, duration_seconds, parent_id, number, publication, \
         rating, windows, has_asset) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         on conflict (id) do update set sequence = excluded.sequence, kind = excluded.kind, slug = excluded.slug, \
         names = excluded.names, year = excluded.year, poster = excluded.poster, duration_seconds = excluded.duration_seconds, \
         parent_id = excluded.parent_id, number = excluded.number, publication = excluded.publication, rating = excluded.rating, \
         windows = excluded.windows, has_asset = excluded.has_asset where titles.sequence < excluded.sequence",
    )
    .bind(title.id)
    .bind(title.sequence)
    .bind(title.kind)
    .bind(&title.slug)
    .bind(title.names.column())
    .bind(title.year)
    .bind(&title.poster)
    .bind(duration)
    .bind(title.parent)
    .bind(title.number)
    .bind(title.rules.publication)
    .bind(title.rules.rating.map(i16::from))
    .bind(Json(&title.rules.windows))
    .bind(title.rules.has_asset)
    .execute(pool)
    .await
    .map(drop)
}

/// What a card shows.
#[derive(Debug)]
pub(crate) struct CardRow {
    pub id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    pub name: Option<String>,
    pub year: Option<i16>,
    pub rating: Option<i16>,
    pub poster: Option<String>,
    pub duration_seconds: Option<f64>,
    pub parent: Option<TitleId>,
    pub number: i32,
}

/// The columns of a card, the first of every list. `$4` is the viewer's languages.
pub(super) fn card_columns() -> String {
    let name = Names::sql("t.names", "$4");
    format!("t.id, t.kind, t.slug, {name}, t.year, t.rating, t.poster, t.duration_seconds, t.parent_id, t.number")
}

/// How many columns these are.
pub(super) const CARD_COLUMNS: usize = 10;

impl FromRow<'_, PgRow> for CardRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            kind: row.try_get(1)?,
            slug: row.try_get(2)?,
            name: row.try_get(3)?,
            year: row.try_get(4)?,
            rating: row.try_get(5)?,
            poster: row.try_get(6)?,
            duration_seconds: row.try_get(7)?,
            parent: row.try_get(8)?,
            number: row.try_get(9)?,
        })
    }
}

/// Whether the viewer may see the title `table` now. Every statement that uses it has the highest rating, the territory and the moment as its
/// first three parameters.
pub(super) fn visible(table: &str) -> String {
    sql_predicate(table, "$1", "$2", "$3")
}
