//! The rows that imports write into a profile's lists, and take out again: never one that the person has touched.

use std::collections::BTreeSet;

use kernel::{HistoryImportId, ProfileId, TitleId};
use sqlx::{AssertSqlSafe, PgConnection};

use super::titles::visible;
use crate::viewpoint::Viewpoint;

/// What a confirmed import wrote, or what was taken back of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    pub history: Vec<TitleId>,
    pub ratings: Vec<TitleId>,
    pub watchlist: Vec<TitleId>,
}

impl Imported {
    /// The titles of which something else is on record now, each once.
    pub(crate) fn on_record(&self) -> Vec<TitleId> {
        let titles: BTreeSet<TitleId> = self.history.iter().chain(&self.ratings).copied().collect();
        titles.into_iter().collect()
    }
}

/// Writes the matches of an import that the profile may see now. What was watched, rated or listed before stays as it is. Needs the profile to be
/// locked, and [`super::viewings::lock_history`].
pub(crate) async fn write(
    connection: &mut PgConnection,
    viewpoint: &Viewpoint,
    import: HistoryImportId,
) -> Result<Imported, sqlx::Error> {
    let history = insert(
        connection,
        viewpoint,
        import,
        "watched",
        "imported_viewings (profile_id, title_id, watched_at, import_id)",
        // What is played here tells more.
        "and not exists (select from progress p where p.profile_id = $4 and p.title_id = l.title_id)",
    )
    .await?;
    let ratings = "ratings (profile_id, title_id, rated_at, import_id, value)";
    let ratings = insert(connection, viewpoint, import, "rated", ratings, "").await?;
    let watchlist = "watchlist (profile_id, title_id, added_at, import_id)";
    let watchlist = insert(connection, viewpoint, import, "listed", watchlist, "").await?;
    Ok(Imported { history, ratings, watchlist })
}

async fn insert(
    connection: &mut PgConnection,
    viewpoint: &Viewpoint,
    import: HistoryImportId,
    what: &str,
    table: &str,
    condition: &str,
) -> Result<Vec<TitleId>, sqlx::Error> {
    let value = if what == "rated" { ", l.value" } else { "" };
    let visible = visible("t");
    let statement = format!(
        "with written as (insert into {table} select $4, l.title_id, l.at, $5{value} from import_lines l \
         join titles t on t.id = l.title_id where l.import_id = $5 and l.what = $6 and {visible} {condition} \
         on conflict (profile_id, title_id) do nothing returning title_id) select title_id from written order by title_id"
    );
    sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(i16::from(viewpoint.audience.max_rating))
        .bind(&viewpoint.audience.territory)
        .bind(viewpoint.now)
        .bind(viewpoint.profile)
        .bind(import)
        .bind(what)
        .fetch_all(connection)
        .await
}

/// Takes back what an import wrote and nobody has touched since, and returns it. Needs the profile to be locked, and
/// [`super::viewings::lock_history`].
pub(crate) async fn undo(
    connection: &mut PgConnection,
    profile: ProfileId,
    import: HistoryImportId,
) -> Result<Imported, sqlx::Error> {
    let mut delete = async |table: &str| -> Result<Vec<TitleId>, sqlx::Error> {
        let statement = format!(
            "with gone as (delete from {table} where import_id = $1 and profile_id = $2 returning title_id) \
             select title_id from gone order by title_id"
        );
        sqlx::query_scalar(AssertSqlSafe(statement)).bind(import).bind(profile).fetch_all(&mut *connection).await
    };
    Ok(Imported {
        history: delete("imported_viewings").await?,
        ratings: delete("ratings").await?,
        watchlist: delete("watchlist").await?,
    })
}
