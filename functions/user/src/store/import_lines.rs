//! The lines of imports, page by page.

use kernel::{HistoryImportId, TitleId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::titles::{CARD_COLUMNS, CardRow, card_columns, visible};
use crate::{
    import::preview::{Found, Line},
    viewpoint::Viewpoint,
};

/// Rows of one statement.
const CHUNK: usize = 5000;

/// A line as the profile sees it now.
#[derive(Debug)]
pub(crate) struct LineRow {
    pub card: Option<CardRow>,
    pub place: i32,
    pub line: i32,
    pub what: Option<String>,
    pub text: String,
    pub reason: Option<String>,
    pub at: Option<OffsetDateTime>,
    pub value: Option<i16>,
}

impl FromRow<'_, PgRow> for LineRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let is_seen = row.try_get::<Option<TitleId>, _>(0)?.is_some();
        Ok(Self {
            card: is_seen.then(|| CardRow::from_row(row)).transpose()?,
            place: row.try_get(CARD_COLUMNS)?,
            line: row.try_get(CARD_COLUMNS + 1)?,
            what: row.try_get(CARD_COLUMNS + 2)?,
            text: row.try_get(CARD_COLUMNS + 3)?,
            reason: row.try_get(CARD_COLUMNS + 4)?,
            at: row.try_get(CARD_COLUMNS + 5)?,
            value: row.try_get(CARD_COLUMNS + 6)?,
        })
    }
}

/// The lines after a place, in the order of the file; only matches, or only misses, if asked so. A title that the profile may not see now is one that
/// nobody knows.
pub(crate) async fn list(
    pool: &PgPool,
    viewpoint: &Viewpoint,
    import: HistoryImportId,
    is_match: Option<bool>,
    (after, limit): (i32, i64),
) -> Result<Vec<LineRow>, sqlx::Error> {
    let (card, visible) = (card_columns(), visible("t"));
    let statement = format!(
        "select {card}, l.place, l.line, l.what, l.text, \
         case when t.id is not null then null when l.title_id is not null then 'unknown_title' else l.reason end, \
         case when t.id is not null then l.at end, case when t.id is not null then l.value end \
         from import_lines l left join titles t on t.id = l.title_id and {visible} \
         where l.import_id = $5 and l.place > $6 and ($7::boolean is null or (t.id is not null) = $7) order by l.place limit $8"
    );
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(viewpoint.audience.max_rating))
        .bind(&viewpoint.audience.territory)
        .bind(viewpoint.now)
        .bind(viewpoint.languages.tags())
        .bind(import)
        .bind(after)
        .bind(is_match)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// Adds all lines of an import.
pub(crate) async fn add(
    connection: &mut PgConnection,
    import: HistoryImportId,
    lines: &[Line],
) -> Result<(), sqlx::Error> {
    for (number, chunk) in lines.chunks(CHUNK).enumerate() {
        let found: Vec<Option<Found>> = chunk.iter().map(|line| line.found.ok()).collect();
        let of = |line: u32| i32::try_from(line).unwrap_or(i32::MAX);
        sqlx::query(
            "insert into import_lines (import_id, place, line, what, text, title_id, reason, at, value) \
             select $1, $2 + place, line, what, text, title_id, reason, at, value \
             from unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::smallint[]) \
             with ordinality as all_lines (line, what, text, title_id, reason, at, value, place)",
        )
        .bind(import)
        .bind(i32::try_from(number * CHUNK).unwrap_or(i32::MAX))
        .bind(chunk.iter().map(|line| of(line.line)).collect::<Vec<_>>())
        .bind(chunk.iter().map(|line| line.what.map(|what| what.as_str().to_owned())).collect::<Vec<_>>())
        .bind(chunk.iter().map(|line| line.text.clone()).collect::<Vec<_>>())
        .bind(found.iter().map(|found| found.map(|found| found.title.to_string())).collect::<Vec<_>>())
        .bind(chunk.iter().map(|line| line.found.err().map(|reason| reason.as_str().to_owned())).collect::<Vec<_>>())
        .bind(found.iter().map(|found| found.map(|found| found.at)).collect::<Vec<_>>())
        .bind(found.iter().map(|found| found.and_then(|found| found.value)).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
