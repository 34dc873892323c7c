//! What the pipeline reported about the captions of titles.

use events::{Captions, contracts::CaptionTrack};
use kernel::TitleId;
use sqlx::{PgConnection, types::Json};

/// Keeps the newest report about a title.
pub(crate) async fn keep(connection: &mut PgConnection, report: &Captions) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into caption_reports (title_id, sequence, tracks) values ($1, $2, $3) \
         on conflict (title_id) do update set sequence = excluded.sequence, tracks = excluded.tracks \
         where caption_reports.sequence < excluded.sequence",
    )
    .bind(report.title)
    .bind(report.sequence)
    .bind(Json(&report.tracks))
    .execute(connection)
    .await
    .map(drop)
}

/// The captions of a title.
pub(crate) async fn of_title(connection: &mut PgConnection, title: TitleId) -> Result<Vec<CaptionTrack>, sqlx::Error> {
    let tracks: Option<Json<Vec<CaptionTrack>>> =
        sqlx::query_scalar("select tracks from caption_reports where title_id = $1")
            .bind(title)
            .fetch_optional(connection)
            .await?;
    Ok(tracks.map(|Json(tracks)| tracks).unwrap_or_default())
}

/// Deletes the report about a title.
pub(crate) async fn delete(connection: &mut PgConnection, title: TitleId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from caption_reports where title_id = $1").bind(title).execute(connection).await.map(drop)
}
