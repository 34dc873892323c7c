//! What profiles can watch on.

use events::Event;
use kernel::{AccountId, ProfileId, TitleId, World, progress};
use proto::{types, user::ContinueWatchingChanged};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row, postgres::PgRow};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    lists::{self, ListError, Place, micros},
    titles::{CARD_COLUMNS, CardRow, card_columns, visible},
};
use crate::viewpoint::Viewpoint;

/// A title to watch on.
pub(crate) struct ContinuedRow {
    pub card: CardRow,
    /// Where playing begins.
    pub position_ms: i64,
    pub duration_ms: i64,
    pub watched_at: OffsetDateTime,
    /// The title itself, or the episode before it.
    pub watched: TitleId,
    pub is_next_episode: bool,
}

impl ContinuedRow {
    pub(crate) fn place(&self) -> Place {
        (micros(self.watched_at), self.watched)
    }
}

impl FromRow<'_, PgRow> for ContinuedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            card: CardRow::from_row(row)?,
            position_ms: row.try_get(CARD_COLUMNS)?,
            duration_ms: row.try_get(CARD_COLUMNS + 1)?,
            watched_at: row.try_get(CARD_COLUMNS + 2)?,
            watched: row.try_get(CARD_COLUMNS + 3)?,
            is_next_episode: row.try_get(CARD_COLUMNS + 4)?,
        })
    }
}

/// The film or series that the title `w` belongs to; `s` is its season, if it has one. What belongs together is offered, and hidden, as one.
const WORK: &str = "coalesce(s.parent_id, w.parent_id, w.id)";
/// Where [`WORK`] is looked up.
const TITLES: &str = "titles w left join titles s on s.id = w.parent_id";

/// What can be watched on, last watched first: of every series one episode. Nothing that was hidden after it was played.
pub(crate) async fn list(
    pool: &PgPool,
    viewpoint: &Viewpoint,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<ContinuedRow>, sqlx::Error> {
    let (card, visible) = (card_columns(), visible("t"));
    let is_begun = progress::is_begun_sql("p.position_ms", "p.duration_ms");
    let is_watched = progress::is_watched_sql("p.position_ms", "p.duration_ms");
    let resumes_at = progress::resumes_at_sql("n.position_ms", "n.duration_ms");
    // `last`: of every film and every series what was watched last. It goes on itself, or its next episode does.
    let statement = format!(
        "with mine as (select {WORK} as work, max(p.played_at) over (partition by {WORK}) as played_at, \
           w.id, w.kind, w.parent_id, w.number, s.parent_id as series_id, s.number as season_number, p.position_ms, p.duration_ms, \
           p.watched_at, {is_begun} as is_begun, {is_watched} as is_finished \
           from progress p join {TITLES} on w.id = p.title_id where p.profile_id = $5), \
         hidden as (select {WORK} as work, max(h.hidden_at) as hidden_at \
           from continue_watching_hidden h join {TITLES} on w.id = h.title_id where h.profile_id = $5 group by 1), \
         last as (select distinct on (m.work) m.* from mine m \
           where m.is_begun and not exists (select from hidden h where h.work = m.work and h.hidden_at >= m.played_at) \
           order by m.work, m.watched_at desc, m.id desc) \
         select {card}, case when l.is_finished then coalesce({resumes_at}, 0) else l.position_ms end, \
         case when l.is_finished then coalesce(round(t.duration_seconds * 1000)::bigint, 0) else l.duration_ms end, \
         l.watched_at, l.id, l.is_finished \
         from last l cross join lateral (\
           (select t.* from titles t where not l.is_finished and t.id = l.id and {visible}) union all \
           (select t.* from titles t left join titles s on s.id = t.parent_id where l.is_finished and l.kind = 'episode' \
            and t.kind = 'episode' and t.has_asset and {visible} \
            and t.parent_id in (select l.parent_id union select o.id from titles o where o.parent_id = l.series_id) \
            and ((t.parent_id = l.parent_id and t.number > l.number) or (s.number > l.season_number and l.season_number > 0)) \
            order by s.number, t.number, t.id limit 1)) t \
         left join progress n on n.profile_id = $5 and n.title_id = t.id \
         where ($6::timestamptz is null or (l.watched_at, l.id) < ($6, $7)) order by l.watched_at desc, l.id desc limit $8"
    );
    lists::rows(pool, statement, viewpoint, after, limit).await
}

/// What a profile has hidden, or shows again, and what others hear of it.
pub(crate) struct Hiding {
    /// Counts the profile's changes.
    pub sequence: i64,
    pub title: TitleId,
    /// Until it is played after that; `None`: it is offered again.
    pub hidden_at: Option<OffsetDateTime>,
    /// Grows with the number, whatever the clocks say.
    pub changed_at: OffsetDateTime,
}

impl Hiding {
    /// The event of the change.
    pub(crate) fn event(&self, world: &World, (account, profile): (AccountId, ProfileId)) -> Event {
        let data = ContinueWatchingChanged {
            profile_id: profile.to_string(),
            account_id: account.to_string(),
            title_id: self.title.to_string(),
            hidden_at: self.hidden_at.map(rfc3339).unwrap_or_default(),
            changed_at: rfc3339(self.changed_at),
        };
        Event::new(world, types::CONTINUE_WATCHING_CHANGED, profile, self.sequence, &data)
    }
}

fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// Hides a title, and all that belongs to its series, until one of them is played again. Of what the catalogue does not know there is nothing to
/// hide.
pub(crate) async fn hide(
    connection: &mut PgConnection,
    owner: (AccountId, ProfileId),
    title: TitleId,
    now: OffsetDateTime,
) -> Result<Option<Hiding>, ListError> {
    lists::lock(connection, owner).await?;
    let hide = sqlx::query_scalar(
        "insert into continue_watching_hidden as h (profile_id, title_id, hidden_at) select $1, t.id, $3 from titles t where t.id = $2 \
         on conflict (profile_id, title_id) do update set hidden_at = greatest(h.hidden_at, excluded.hidden_at) returning hidden_at",
    );
    let hidden_at = hide.bind(owner.1).bind(title).bind(now).fetch_optional(&mut *connection).await?;
    match hidden_at {
        Some(hidden_at) => Ok(Some(count(connection, owner.1, (title, Some(hidden_at)), now).await?)),
        None => Ok(None),
    }
}

/// Takes back that a title, or others of its series, were hidden.
pub(crate) async fn show(
    connection: &mut PgConnection,
    owner: (AccountId, ProfileId),
    title: TitleId,
    now: OffsetDateTime,
) -> Result<Vec<Hiding>, ListError> {
    lists::lock(connection, owner).await?;
    let work_of = |title: &str| format!("(select {WORK} from {TITLES} where w.id = {title})");
    let statement = format!(
        "delete from continue_watching_hidden h where h.profile_id = $1 and {} = {} returning h.title_id",
        work_of("h.title_id"),
        work_of("$2"),
    );
    let show = sqlx::query_scalar(AssertSqlSafe(statement)).bind(owner.1).bind(title);
    let mut shown: Vec<TitleId> = show.fetch_all(&mut *connection).await?;
    shown.sort_unstable();
    let mut changes = Vec::with_capacity(shown.len());
    for title in shown {
        changes.push(count(connection, owner.1, (title, None), now).await?);
    }
    Ok(changes)
}

async fn count(
    connection: &mut PgConnection,
    profile: ProfileId,
    (title, hidden_at): (TitleId, Option<OffsetDateTime>),
    now: OffsetDateTime,
) -> Result<Hiding, sqlx::Error> {
    let count = sqlx::query_as(
        "update profiles set hiding_changes = hiding_changes + 1, hiding_changed_at = greatest(hiding_changed_at, $2) where id = $1 \
         returning hiding_changes, hiding_changed_at",
    );
    let (sequence, changed_at) = count.bind(profile).bind(now).fetch_one(connection).await?;
    Ok(Hiding { sequence, title, hidden_at, changed_at })
}
