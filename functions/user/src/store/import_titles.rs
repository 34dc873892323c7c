//! The titles that a file may mean: those that its profile may see.

use kernel::{TitleId, policy::Audience};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgPool, types::Json};
use time::OffsetDateTime;

use super::titles::visible;
use crate::import::{catalogue::Catalogue, contents::Entry};

type Names = Json<Map<String, Value>>;

/// All that the entries name and the audience may see.
pub(crate) async fn load(
    pool: &PgPool,
    audience: &Audience,
    now: OffsetDateTime,
    entries: &[Entry],
) -> Result<Catalogue, sqlx::Error> {
    let mut catalogue = Catalogue::of(entries);
    let is_visible = visible("t");
    let works = format!(
        "select t.id, t.kind = 'series', t.year, t.names from titles t where t.kind in ('film', 'series') and {is_visible}"
    );
    let works: Vec<(TitleId, bool, Option<i16>, Names)> = sqlx::query_as(AssertSqlSafe(works))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .fetch_all(pool)
        .await?;
    for (id, is_series, year, names) in &works {
        catalogue.add_work(*id, *is_series, *year, texts(names));
    }
    drop(works);
    let series = catalogue.series();
    if series.is_empty() {
        return Ok(catalogue);
    }
    let parts = format!(
        "select t.id, t.parent_id, t.number, null::integer, t.names from titles t \
         where t.kind = 'season' and t.parent_id = any($4) and {is_visible} \
         union all select t.id, s.parent_id, s.number, t.number, t.names from titles t join titles s on s.id = t.parent_id \
         where t.kind = 'episode' and s.parent_id = any($4) and {is_visible}"
    );
    let parts: Vec<(TitleId, TitleId, i32, Option<i32>, Names)> = sqlx::query_as(AssertSqlSafe(parts))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(series)
        .fetch_all(pool)
        .await?;
    for (id, series, season, number, names) in &parts {
        match number {
            Some(number) => catalogue.add_episode(*id, *series, (*season, *number), texts(names)),
            None => catalogue.add_season(*id, *series, *season),
        }
    }
    Ok(catalogue)
}

fn texts(names: &Names) -> impl Iterator<Item = &str> {
    names.values().filter_map(Value::as_str)
}
