//! What the pipeline reported about the assets of a title.

use kernel::{AssetId, TitleId};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use crate::asset::{Finding, Report};

/// Keeps the newest report of each outcome about each asset.
pub(crate) async fn keep(connection: &mut PgConnection, report: &Report) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into asset_reports (asset_id, outcome, title_id, sequence, happened_at, filename, finding) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (asset_id, outcome) do update set title_id = excluded.title_id, sequence = excluded.sequence, \
         happened_at = excluded.happened_at, filename = excluded.filename, finding = excluded.finding where asset_reports.sequence < excluded.sequence",
    )
    .bind(report.asset)
    .bind(report.finding.outcome())
    .bind(report.title)
    .bind(report.sequence)
    .bind(report.at)
    .bind(&report.filename)
    .bind(Json(&report.finding))
    .execute(connection)
    .await
    .map(drop)
}

/// All reports about a title's assets.
pub(crate) async fn of_title(connection: &mut PgConnection, title: TitleId) -> Result<Vec<Report>, sqlx::Error> {
    type Row = (AssetId, i64, OffsetDateTime, Option<String>, Json<Finding>);
    let rows: Vec<Row> = sqlx::query_as(
        "select asset_id, sequence, happened_at, filename, finding from asset_reports where title_id = $1",
    )
    .bind(title)
    .fetch_all(connection)
    .await?;
    let report =
        |(asset, sequence, at, filename, Json(finding)): Row| Report { asset, title, sequence, at, filename, finding };
    Ok(rows.into_iter().map(report).collect())
}

/// Deletes the reports about a title's assets.
pub(crate) async fn delete(connection: &mut PgConnection, title: TitleId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from asset_reports where title_id = $1").bind(title).execute(connection).await.map(drop)
}
