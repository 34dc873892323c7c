//! What editors upload as pictures of titles.

use kernel::{ArtworkId, TitleId};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use crate::{
    artwork::{ArtworkKind, Finding, Report},
    pictures::Upload,
};

/// Begins an upload.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: ArtworkId,
    (title, kind): (TitleId, ArtworkKind),
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into artwork_uploads (id, title_id, kind, expires_at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(title)
        .bind(kind.as_str())
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)
}

/// The title and the kind of an upload, unless it was taken back or replaced.
pub(crate) async fn find(
    connection: &mut PgConnection,
    id: ArtworkId,
) -> Result<Option<(TitleId, ArtworkKind)>, sqlx::Error> {
    let found: Option<(TitleId, String)> = sqlx::query_as("select title_id, kind from artwork_uploads where id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    found.map(|(title, kind)| Ok((title, parsed(&kind)?))).transpose()
}

/// Keeps what is told of the latest file that was sent, and of the latest picture rather than of what is none: a refusal never takes a
/// picture away, in whatever order the two are told. Whether there is such an upload.
pub(crate) async fn keep(connection: &mut PgConnection, report: &Report) -> Result<bool, sqlx::Error> {
    let rank = format!("{}{}", u8::from(report.finding.is_ready()), report.rank);
    let kept = sqlx::query(
        "update artwork_uploads set rank = case when rank < $2 collate \"C\" or rank is null then $2 else rank end, \
         finding = case when rank < $2 collate \"C\" or rank is null then $3 else finding end where id = $1",
    )
    .bind(report.upload_id)
    .bind(rank)
    .bind(Json(&report.finding))
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// All uploads of a title.
pub(crate) async fn of_title(connection: &mut PgConnection, title: TitleId) -> Result<Vec<Upload>, sqlx::Error> {
    type Row = (ArtworkId, i64, String, OffsetDateTime, Option<Json<Finding>>);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, number, kind, expires_at, finding from artwork_uploads where title_id = $1 order by number",
    )
    .bind(title)
    .fetch_all(connection)
    .await?;
    let upload = |(id, number, kind, expires_at, finding): Row| {
        Ok(Upload { id, number, kind: parsed(&kind)?, expires_at, finding: finding.map(|Json(finding)| finding) })
    };
    rows.into_iter().map(upload).collect()
}

fn parsed(kind: &str) -> Result<ArtworkKind, sqlx::Error> {
    kind.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Forgets uploads; what was made of them is removed later.
pub(crate) async fn leave(
    connection: &mut PgConnection,
    ids: &[ArtworkId],
    due_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with gone as (delete from artwork_uploads where id = any($1)) \
         insert into artwork_leavings (id, due_at) select id, $2 from unnest($1::text[]) as left_over (id) \
         on conflict (id) do update set due_at = excluded.due_at",
    )
    .bind(ids)
    .bind(due_at)
    .execute(connection)
    .await
    .map(drop)
}
