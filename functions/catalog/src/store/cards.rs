//! The rows of lists: visible titles with what a card shows.

use kernel::{
    Languages, Names, PersonId, TitleId, TitleKind,
    policy::{Audience, Publication, TitleRules, Window, sql_leaving_at, sql_predicate},
};
use sqlx::{AssertSqlSafe, FromRow, PgPool, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use crate::{
    list::{Filter, Place, Sort},
    person::Part,
    text::Slug,
};

/// What a card shows.
pub(crate) struct CardRow {
    pub id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    pub name: String,
    /// 0: unknown.
    pub year: i16,
    pub rating: Option<u8>,
    pub genres: Vec<String>,
    pub windows: Vec<Window>,
    pub has_asset: bool,
    pub poster: Option<String>,
    pub duration_seconds: Option<f64>,
    /// By which the list is sorted, as text.
    pub key: String,
}

/// By position: looking columns up by name took a fifth of a list's instructions.
impl FromRow<'_, PgRow> for CardRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let rating: Option<i16> = row.try_get(5)?;
        let Json(genres) = row.try_get(6)?;
        let Json(windows) = row.try_get(7)?;
        Ok(Self {
            id: row.try_get(0)?,
            kind: row.try_get(1)?,
            slug: row.try_get(2)?,
            name: row.try_get(3)?,
            year: row.try_get(4)?,
            rating: rating.and_then(|rating| u8::try_from(rating).ok()),
            genres,
            windows,
            has_asset: row.try_get(8)?,
            poster: row.try_get(9)?,
            duration_seconds: row.try_get(10)?,
            key: row.try_get(11)?,
        })
    }
}

impl CardRow {
    /// Takes the rules that the visibility policy looks at; only published titles are listed.
    pub(crate) fn take_rules(&mut self) -> TitleRules {
        TitleRules {
            publication: Publication::Published,
            rating: self.rating,
            windows: std::mem::take(&mut self.windows),
            has_asset: self.has_asset,
        }
    }
}

/// Whether the audience may see the title `table`, and with it the season and the series that it belongs to. Every statement that uses it has the
/// highest rating, the territory and the moment as its first three parameters.
fn visible(table: &str) -> String {
    let [own, of_season, of_series] = [table, "s", "p"].map(|table| sql_predicate(table, "$1", "$2", "$3"));
    format!(
        "({own} and ({table}.parent_id is null or exists (select from titles s left join titles p on p.id = s.parent_id \
         where s.id = {table}.parent_id and {of_season} and (p.id is null or {of_series}))))"
    )
}

/// The first `limit` visible titles after a place.
pub(crate) async fn list(
    pool: &PgPool,
    filter: &Filter,
    (audience, reader): (&Audience, &Languages),
    now: OffsetDateTime,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<CardRow>, sqlx::Error> {
    let (key, is_after, order) = match filter.sort {
        Sort::Newest => {
            ("t.published_at", "(t.published_at, t.id) < ($9::timestamptz, $10)", "t.published_at desc, t.id desc")
        }
        Sort::Year => ("t.year", "(t.year, t.id) < ($9::smallint, $10)", "t.year desc, t.id desc"),
        // Bytes: every server orders them alike, and the order of a cursor must never change.
        Sort::Title => ("n.key collate \"C\"", "(n.key collate \"C\", t.id) > ($9, $10)", "n.key collate \"C\", t.id"),
    };
    let visible = visible("t");
    let leaving_at = sql_leaving_at("t", "$2");
    let name = Names::sql("t.names", "$4");
    let sort_key = if filter.sort == Sort::Title { sort_key(&name) } else { "null::text".to_owned() };
    let columns = columns(&format!("({key})::text"));
    let statement = format!(
        "select {columns} \
         from titles t cross join lateral (select {name} as name, {sort_key} as key) n \
         where {visible} and t.kind = any($5) and ($6::text is null or t.document->'about'->'genres' ? $6) \
         and ($7::smallint is null or t.year = $7) and ($8::text is null or t.document->'about'->'countries' ? $8) \
         and ($9::text is null or {is_after}) and ($13::timestamptz is null or {leaving_at} <= $13) order by {order} limit $11"
    );
    let (key, id) = after.unzip();
    // Everything that comes from outside is a parameter.
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(reader.tags())
        .bind(filter.kinds())
        .bind(filter.genre.as_ref().map(Slug::as_str))
        .bind(filter.year)
        .bind(filter.country.as_ref())
        .bind(key)
        .bind(id)
        .bind(limit)
        .bind(collation::language(reader))
        .bind(filter.leaving_within.map(|days| now + days.duration()))
        .fetch_all(pool)
        .await
}

/// The key of the name that is shown, in the reader's order. A title that waits for its key comes after all others: keys are hexadecimal digits.
fn sort_key(name: &str) -> String {
    let version = collation::VERSION;
    let keys = format!("(case when t.sort_version = {version} then coalesce(t.sort_keys->$12, t.sort_keys->'') end)");
    format!("coalesce({}, '~' || lower({name}))", Names::sql(&keys, "$4"))
}

/// What [`CardRow`] reads of the title `t` with the name `n.name`.
fn columns(key: &str) -> String {
    format!(
        "t.id, t.kind, t.slug, n.name, t.year, t.rating, t.document->'about'->'genres', t.windows, \
         t.document->'asset' <> 'null'::jsonb, coalesce(t.document->'artwork'->'poster'->>'card', t.document->'asset'->>'poster'), \
         (t.document->'asset'->>'duration_seconds')::float8, {key}"
    )
}

/// How many columns these are.
const COLUMNS: usize = 12;

/// A title with what somebody did for it.
pub(crate) struct WorkRow {
    pub card: CardRow,
    pub parts: Vec<Part>,
}

impl FromRow<'_, PgRow> for WorkRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let Json(parts) = row.try_get(COLUMNS)?;
        Ok(Self { card: CardRow::from_row(row)?, parts })
    }
}

/// The visible titles of a collection, in its order.
pub(crate) async fn of_collection(
    pool: &PgPool,
    slug: &Slug,
    (audience, reader): (&Audience, &Languages),
    now: OffsetDateTime,
) -> Result<Vec<CardRow>, sqlx::Error> {
    let (columns, visible) = (columns("''"), visible("t"));
    let name = Names::sql("t.names", "$4");
    let statement = format!(
        "select {columns} from collection_titles c join titles t on t.id = c.title_id \
         cross join lateral (select {name} as name) n where c.slug = $5 and {visible} order by c.place"
    );
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(reader.tags())
        .bind(slug.as_str())
        .fetch_all(pool)
        .await
}

/// The visible titles that somebody worked on, the latest year first.
pub(crate) async fn of_person(
    pool: &PgPool,
    person: PersonId,
    (audience, reader): (&Audience, &Languages),
    now: OffsetDateTime,
) -> Result<Vec<WorkRow>, sqlx::Error> {
    let (columns, visible) = (columns("''"), visible("t"));
    let name = Names::sql("t.names", "$4");
    // `people` are the persons of the credits, in their order.
    let statement = format!(
        "select {columns}, (select jsonb_agg(credit.item order by credit.place) \
         from jsonb_array_elements(t.document->'about'->'credits') with ordinality as credit (item, place) \
         where t.document->'people'->>(credit.place - 1)::integer = $5) \
         from titles t cross join lateral (select {name} as name) n \
         where t.document->'people' ? $5 and {visible} order by t.year desc, t.id desc"
    );
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(audience.max_rating))
        .bind(&audience.territory)
        .bind(now)
        .bind(reader.tags())
        .bind(person)
        .fetch_all(pool)
        .await
}
