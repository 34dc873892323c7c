//! Episodes that may be new, and who is to hear of them.

use std::collections::HashMap;

use kernel::{AccountId, Territory, TitleId, policy::TitleRules, progress};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, types::Json};
use time::{Duration, OffsetDateTime};

use crate::episodes::{Episode, NEWS, Release};

/// Whoever has not gone on with a series for so long does not watch it any more.
const WATCHING: Duration = Duration::days(180);

/// A series with those of its episodes that may be news.
pub(crate) struct Series {
    pub id: TitleId,
    pub names: HashMap<String, String>,
    pub episodes: Vec<Episode>,
}

/// Series of which an episode or its season became public, or a window opened, while that is news. The policy says of which it is.
pub(crate) async fn recent(pool: &PgPool, now: OffsetDateTime) -> Result<Vec<Series>, sqlx::Error> {
    // The catalogue tells the highest age of an episode and its wholes, so that theirs need not be known.
    let rules = |table: &str| {
        format!(
            "jsonb_build_object('publication', {table}.publication, 'rating', e.rating, 'windows', {table}.windows, \
             'has_asset', {table}.has_asset)"
        )
    };
    let statement = format!(
        "select s.id, s.names, e.id, greatest(e.published_at, p.published_at), jsonb_build_array({}, {}, {}) \
         from titles e join titles p on p.id = e.parent_id join titles s on s.id = p.parent_id \
         where e.kind = 'episode' and e.published_at is not null and (greatest(e.published_at, p.published_at) between $1 and $2 \
         or exists (select from jsonb_array_elements(e.windows) w where (w->>'from')::timestamptz between $1 and $2)) \
         order by s.id, e.id",
        rules("e"),
        rules("p"),
        rules("s")
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement)).bind(now - NEWS).bind(now).fetch_all(pool).await?;
    let mut all: Vec<Series> = Vec::new();
    for (series, Json(names), id, published_at, Json([rules, season, whole])) in rows {
        let episode = Episode { id, published_at, rules, wholes: [season, whole] };
        match all.last_mut().filter(|last| last.id == series) {
            Some(last) => last.episodes.push(episode),
            None => all.push(Series { id: series, names, episodes: vec![episode] }),
        }
    }
    Ok(all)
}

type Row = (TitleId, Json<HashMap<String, String>>, TitleId, OffsetDateTime, Json<[TitleRules; 3]>);

/// The next accounts, by id, that have not heard of it and are to: before an episode was released where they were they had the series on a list,
/// or had begun one of its episodes, and they have not opened that one since.
pub(crate) async fn interested(
    connection: &mut PgConnection,
    release: &Release,
    after: Option<AccountId>,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<AccountId>, sqlx::Error> {
    let is_begun = progress::is_begun_sql("v.position_ms", "v.duration_ms");
    let statement = format!(
        "with released as (select * from unnest($2::text[], $3::text[], $4::timestamptz[]) as r (territory, episode_id, at)), \
         below as (select e.id from titles e join titles s on s.id = e.parent_id where s.parent_id = $1), \
         interests as (\
           select w.profile_id, w.account_id, w.territory, w.changed_at as since from watchlist w \
             where w.title_id = $1 and w.is_listed \
           union all select v.profile_id, v.account_id, v.territory, v.at from viewings v \
             where v.title_id in (select id from below) and v.at > $7 and {is_begun}) \
         select distinct i.account_id from interests i join released r on i.since <= r.at \
         and r.territory = case when i.territory = any($5) then i.territory else $6 end \
         where ($8::text is null or i.account_id > $8) \
         and not exists (select from viewings f where f.profile_id = i.profile_id and f.title_id = r.episode_id) \
         and not exists (select from profiles p where p.id = i.profile_id and p.deleted) \
         and not exists (select from notifications n where n.account_id = i.account_id and n.fact = $9) \
         order by i.account_id limit $10"
    );
    let released = &release.released;
    sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(release.series)
        .bind(released.iter().map(|released| released.territory.as_str()).collect::<Vec<_>>())
        .bind(released.iter().map(|released| released.episode.to_string()).collect::<Vec<_>>())
        .bind(released.iter().map(|released| released.at).collect::<Vec<_>>())
        .bind(release.named.iter().map(Territory::as_str).collect::<Vec<_>>())
        .bind(Territory::unknown())
        .bind(now - WATCHING)
        .bind(after)
        .bind(release.notice().fact)
        .bind(limit)
        .fetch_all(connection)
        .await
}
