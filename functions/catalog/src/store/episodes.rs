//! The visible episodes of series and seasons.

use kernel::{
    TitleId,
    policy::{Audience, TitleRules, sql_predicate},
};
use sqlx::{AssertSqlSafe, FromRow, PgPool, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use crate::title::Title;

/// The place of a season `s`. Specials have the number 0 and come last: whoever watches on after the pilot does not want them first.
const PLACE: &str = "(case when s.number = 0 then 10000 else s.number end)";

/// Where a page ends: the place of the season, the number and the id of its last episode.
pub(crate) type Place = (i32, i32, TitleId);

/// An episode with its season.
pub(crate) struct EpisodeRow {
    pub title: Title,
    pub season_id: TitleId,
    pub season: i32,
    pub number: i32,
    /// Its own, within those of season and series.
    pub rules: TitleRules,
    /// Of its season among the seasons of the series.
    season_place: i32,
}

impl EpisodeRow {
    pub(crate) fn place(&self) -> Place {
        (self.season_place, self.number, self.title.id)
    }
}

impl FromRow<'_, PgRow> for EpisodeRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (Json(title), Json(season), Json(series)): (Json<Title>, Json<Title>, Json<Title>) =
            (row.try_get(0)?, row.try_get(5)?, row.try_get(6)?);
        Ok(Self {
            rules: title.rules_within(&[season, series]),
            title,
            season_id: row.try_get(1)?,
            season: row.try_get(2)?,
            number: row.try_get(3)?,
            season_place: row.try_get(4)?,
        })
    }
}

/// The first `limit` episodes after a place of which the audience may see everything: episode, season and series. `of` is a series or a
/// season, and the number of a season if not all are wanted.
pub(crate) async fn list(
    pool: &PgPool,
    (of, season): (TitleId, Option<u16>),
    audience: &Audience,
    now: OffsetDateTime,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<EpisodeRow>, sqlx::Error> {
    let [episode, of_season, of_series] = ["e", "s", "p"].map(|table| sql_predicate(table, "$1", "$2", "$3"));
    let statement = format!(
        "select e.document, s.id, s.number, e.number, {PLACE}, s.document, p.document \
         from titles p join titles s on s.parent_id = p.id join titles e on e.parent_id = s.id \
         where e.kind = 'episode' and (p.id = $4 or s.id = $4) and {episode} and {of_season} and {of_series} \
         and ($5::integer is null or s.number = $5) and ($6::integer is null or ({PLACE}, e.number, e.id) > ($6, $7, $8)) \
         order by {PLACE}, e.number, e.id limit $9"
    );
    let (season_place, number, id) =
        after.map_or((None, None, None), |(season, number, id)| (Some(season), Some(number), Some(id)));
    // Everything that comes from outside is a parameter.
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(of)
        .bind(season.map(i32::from))
        .bind(season_place)
        .bind(number)
        .bind(id)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// The episode after another one of which the audience may see everything, with a film: of its season, else of the nearest season after it.
/// Specials follow and precede only specials.
pub(crate) async fn next(
    pool: &PgPool,
    episode: TitleId,
    audience: &Audience,
    now: OffsetDateTime,
) -> Result<Option<EpisodeRow>, sqlx::Error> {
    let [of_episode, of_season, of_series] = ["e", "s", "p"].map(|table| sql_predicate(table, "$1", "$2", "$3"));
    let statement = format!(
        "select e.document, s.id, s.number, e.number, {PLACE}, s.document, p.document \
         from titles l join titles ls on ls.id = l.parent_id join titles p on p.id = ls.parent_id \
         join titles s on s.parent_id = p.id join titles e on e.parent_id = s.id \
         where l.id = $4 and e.kind = 'episode' and {of_episode} and {of_season} and {of_series} \
         and e.document->'asset' <> 'null'::jsonb \
         and ((s.id = ls.id and (e.number, e.id) > (l.number, l.id)) or (ls.number > 0 and s.number > ls.number)) \
         order by s.number, e.number, e.id limit 1"
    );
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(episode)
        .fetch_optional(pool)
        .await
}
