//! The lists of a profile, joined with what it may see now.

use cinema_http::Viewer;
use kernel::Locale;
use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::titles::{audience, visible};
use crate::{
    card::{Card, CardRow},
    shelf::{Place, micros},
    viewing::{BEGUN_PERCENT, FINISHED_PERCENT, SHORTEST_MS},
};

/// A row of a list.
pub trait Entry {
    /// What the client gets.
    type Item;
    /// Its place in the list.
    fn place(&self) -> Place;
    /// What the client gets, with pictures below `public_url`.
    fn item(self, public_url: &str) -> Result<Self::Item, sqlx::Error>;
}

/// Reads for one viewer at one moment.
pub struct Reader {
    pool: PgPool,
    audience: (i16, String),
    now: OffsetDateTime,
    locale: Locale,
    profile: String,
}

/// `$4` is the viewer's locale, `$5` its language.
const CARD: &str = "t.id as title_id, t.kind, t.slug, coalesce(t.names->>$4, t.names->>$5, t.names->>'en', t.names->>'') as name, \
                    t.year, t.rating, t.poster, t.duration_seconds, t.parent_id, t.number";

impl Reader {
    /// For the viewer at `now`.
    pub fn new(pool: PgPool, viewer: &Viewer, now: OffsetDateTime) -> Self {
        let (locale, profile) = (viewer.locale.clone(), viewer.profile.to_string());
        Self { pool, audience: audience(viewer), now, locale, profile }
    }

    /// The watchlist, newest first.
    pub async fn watchlist(self, place: Option<Place>, limit: i64) -> Result<Vec<ListedRow>, sqlx::Error> {
        let statement = format!(
            "select {CARD}, w.added_at from watchlist w join titles t on t.id = w.title_id where w.profile_id = $6 and {} \
             and ($7::timestamptz is null or (w.added_at, w.title_id) < ($7, $8)) order by w.added_at desc, w.title_id desc limit $9",
            visible("t")
        );
        self.rows(statement, place, limit).await
    }

    /// What was watched, last first.
    pub async fn history(self, place: Option<Place>, limit: i64) -> Result<Vec<WatchedRow>, sqlx::Error> {
        let statement = format!(
            "select {CARD}, p.position_ms, p.duration_ms, p.watched_ms, p.watched_at, r.value as my_rating \
             from progress p join titles t on t.id = p.title_id \
             left join ratings r on r.profile_id = p.profile_id and r.title_id = p.title_id \
             where p.profile_id = $6 and {} and ($7::timestamptz is null or (p.watched_at, p.title_id) < ($7, $8)) \
             order by p.watched_at desc, p.title_id desc limit $9",
            visible("t")
        );
        self.rows(statement, place, limit).await
    }

    /// What can be watched on, last watched first: of every series one episode.
    pub async fn continuing(self, place: Option<Place>, limit: i64) -> Result<Vec<ContinuedRow>, sqlx::Error> {
        // `last`: of every film and every series what was watched last. It goes on itself, or its next episode does.
        let statement = format!(
            "with last as (select distinct on (coalesce(s.parent_id, w.parent_id, w.id)) \
               w.id, w.kind, w.parent_id, w.number, s.parent_id as series_id, s.number as season_number, p.position_ms, p.duration_ms, \
               p.watched_at, p.position_ms * 100 >= {FINISHED_PERCENT} * p.duration_ms as is_finished \
               from progress p join titles w on w.id = p.title_id left join titles s on s.id = w.parent_id \
               where p.profile_id = $6 and p.duration_ms >= {SHORTEST_MS} and p.position_ms * 100 >= {BEGUN_PERCENT} * p.duration_ms \
               order by coalesce(s.parent_id, w.parent_id, w.id), p.watched_at desc, p.title_id desc) \
             select {CARD}, case when l.is_finished then 0 else l.position_ms end as position_ms, \
             case when l.is_finished then coalesce(round(t.duration_seconds * 1000)::bigint, 0) else l.duration_ms end as duration_ms, \
             l.watched_at, l.id as watched_id, l.is_finished as is_next \
             from last l cross join lateral (\
               (select t.* from titles t where not l.is_finished and t.id = l.id and {visible}) union all \
               (select t.* from titles t left join titles s on s.id = t.parent_id where l.is_finished and l.kind = 'episode' \
                and t.kind = 'episode' and t.has_asset and {visible} \
                and t.parent_id in (select l.parent_id union select o.id from titles o where o.parent_id = l.series_id) \
                and ((t.parent_id = l.parent_id and t.number > l.number) or s.number > l.season_number) \
                order by s.number, t.number, t.id limit 1)) t \
             where ($7::timestamptz is null or (l.watched_at, l.id) < ($7, $8)) order by l.watched_at desc, l.id desc limit $9",
            visible = visible("t")
        );
        self.rows(statement, place, limit).await
    }

    async fn rows<R>(self, statement: String, place: Option<Place>, limit: i64) -> Result<Vec<R>, sqlx::Error>
    where
        R: for<'row> FromRow<'row, PgRow> + Send + Unpin,
    {
        let (moment, title) = place.unzip();
        let moment =
            moment.and_then(|micros| OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok());
        sqlx::query_as(AssertSqlSafe(statement))
            .bind(self.audience.0)
            .bind(self.audience.1)
            .bind(self.now)
            .bind(self.locale.as_str())
            .bind(self.locale.language())
            .bind(self.profile)
            .bind(moment)
            .bind(title)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
    }
}

/// A title on the watchlist.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed {
    /// The title.
    pub title: Card,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub added_at: OffsetDateTime,
}

/// The row behind [`Listed`].
#[derive(Debug)]
pub struct ListedRow {
    card: CardRow,
    added_at: OffsetDateTime,
}

impl FromRow<'_, PgRow> for ListedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { card: CardRow::from_row(row)?, added_at: row.try_get("added_at")? })
    }
}

impl Entry for ListedRow {
    type Item = Listed;

    fn place(&self) -> Place {
        (micros(self.added_at), self.card.title_id().to_owned())
    }

    fn item(self, public_url: &str) -> Result<Listed, sqlx::Error> {
        Ok(Listed { title: self.card.card(public_url)?, added_at: self.added_at })
    }
}

/// A title that was watched.
#[derive(Debug, Serialize, ToSchema)]
pub struct Watched {
    /// The title.
    pub title: Card,
    /// Where the last session of it has got to.
    pub position_seconds: f64,
    /// Length of the film then.
    pub duration_seconds: f64,
    /// How much of it was really played, in all sessions.
    pub watched_seconds: f64,
    /// When it was watched last.
    #[serde(with = "time::serde::rfc3339")]
    pub watched_at: OffsetDateTime,
    /// What the profile thinks of it, 1–10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub my_rating: Option<i16>,
}

/// The row behind [`Watched`].
#[derive(Debug)]
pub struct WatchedRow {
    card: CardRow,
    position_ms: i64,
    duration_ms: i64,
    watched_ms: i64,
    watched_at: OffsetDateTime,
    my_rating: Option<i16>,
}

impl FromRow<'_, PgRow> for WatchedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            card: CardRow::from_row(row)?,
            position_ms: row.try_get("position_ms")?,
            duration_ms: row.try_get("duration_ms")?,
            watched_ms: row.try_get("watched_ms")?,
            watched_at: row.try_get("watched_at")?,
            my_rating: row.try_get("my_rating")?,
        })
    }
}

impl Entry for WatchedRow {
    type Item = Watched;

    fn place(&self) -> Place {
        (micros(self.watched_at), self.card.title_id().to_owned())
    }

    fn item(self, public_url: &str) -> Result<Watched, sqlx::Error> {
        Ok(Watched {
            title: self.card.card(public_url)?,
            position_seconds: seconds(self.position_ms),
            duration_seconds: seconds(self.duration_ms),
            watched_seconds: seconds(self.watched_ms),
            watched_at: self.watched_at,
            my_rating: self.my_rating,
        })
    }
}

/// A title to watch on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Continued {
    /// The title.
    pub title: Card,
    /// Where it goes on; 0 for a next episode.
    pub position_seconds: f64,
    /// Length of the film.
    pub duration_seconds: f64,
    /// Whether it is the episode after one that was finished.
    pub is_next_episode: bool,
    /// When it, or the episode before it, was watched last.
    #[serde(with = "time::serde::rfc3339")]
    pub watched_at: OffsetDateTime,
}

/// The row behind [`Continued`].
#[derive(Debug)]
pub struct ContinuedRow {
    card: CardRow,
    position_ms: i64,
    duration_ms: i64,
    watched_at: OffsetDateTime,
    watched_id: String,
    is_next: bool,
}

impl FromRow<'_, PgRow> for ContinuedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            card: CardRow::from_row(row)?,
            position_ms: row.try_get("position_ms")?,
            duration_ms: row.try_get("duration_ms")?,
            watched_at: row.try_get("watched_at")?,
            watched_id: row.try_get("watched_id")?,
            is_next: row.try_get("is_next")?,
        })
    }
}

impl Entry for ContinuedRow {
    type Item = Continued;

    fn place(&self) -> Place {
        (micros(self.watched_at), self.watched_id.clone())
    }

    fn item(self, public_url: &str) -> Result<Continued, sqlx::Error> {
        Ok(Continued {
            title: self.card.card(public_url)?,
            position_seconds: seconds(self.position_ms),
            duration_seconds: seconds(self.duration_ms),
            is_next_episode: self.is_next,
            watched_at: self.watched_at,
        })
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
