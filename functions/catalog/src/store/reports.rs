//! What the pipeline reported about the assets of a title.

use kernel::TitleId;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use crate::asset::{Ended, Finding};

/// Keeps the newest report of each kind about each asset.
pub(super) async fn keep(connection: &mut PgConnection, report: &Ended) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into asset_reports (asset_id, outcome, title_id, sequence, happened_at, finding) values ($1, $2, $3, $4, $5, $6) \
         on conflict (asset_id, outcome) do update set title_id = excluded.title_id, sequence = excluded.sequence, \
         happened_at = excluded.happened_at, finding = excluded.finding where asset_reports.sequence < excluded.sequence",
    )
    .bind(report.asset.to_string())
    .bind(report.finding.outcome())
    .bind(report.title.to_string())
    .bind(report.sequence)
    .bind(report.at)
    .bind(Json(&report.finding))
    .execute(connection)
    .await
    .map(drop)
}

/// All reports about a title's assets.
pub(super) async fn of_title(connection: &mut PgConnection, title: TitleId) -> Result<Vec<Ended>, sqlx::Error> {
    type Row = (String, i64, OffsetDateTime, Json<Finding>);
    let rows: Vec<Row> =
        sqlx::query_as("select asset_id, sequence, happened_at, finding from asset_reports where title_id = $1")
            .bind(title.to_string())
            .fetch_all(connection)
            .await?;
    let ended = |(asset, sequence, at, Json(finding)): Row| {
        let asset = asset.parse().map_err(|error| sqlx::Error::Decode(Box::new(error) as _))?;
        Ok(Ended { asset, title, sequence, at, finding })
    };
    rows.into_iter().map(ended).collect()
}
