//! Titles: one document each; the columns that lists filter and sort by are derived from it.

use std::collections::BTreeMap;

use kernel::{
    TitleId, TitleKind,
    policy::{Publication, TitleRules},
};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, types::Json};
use time::OffsetDateTime;

use crate::{genre::Names, text::ExternalId, title::Title};

/// A title in whatever state, with what its page needs beside it.
pub(crate) struct FoundTitle {
    pub title: Title,
    /// The season and the series that it belongs to.
    pub wholes: Vec<Title>,
    /// The names of its genres by slug.
    pub genres: BTreeMap<String, Names>,
}

impl FoundTitle {
    /// Who may see it.
    pub(crate) fn rules(&self) -> TitleRules {
        self.title.rules_within(&self.wholes)
    }
}

/// A title in whatever state.
pub(crate) async fn find(pool: &PgPool, id: TitleId) -> Result<Option<FoundTitle>, sqlx::Error> {
    type Row = (Json<Title>, Option<Json<BTreeMap<String, Names>>>, Option<Json<Title>>, Option<Json<Title>>);
    let row: Option<Row> = sqlx::query_as(
        "select t.document, \
         (select jsonb_object_agg(g.slug, g.names) from genres g where t.document->'about'->'genres' ? g.slug), \
         s.document, p.document from titles t left join titles s on s.id = t.parent_id left join titles p on p.id = s.parent_id \
         where t.id = $1",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(Json(title), genres, season, series)| FoundTitle {
        title,
        wholes: [season, series].into_iter().flatten().map(|Json(whole)| whole).collect(),
        genres: genres.map(|Json(genres)| genres).unwrap_or_default(),
    }))
}

/// A title in whatever state, as editors list it.
pub(crate) struct ListedTitle {
    pub title: Title,
    pub created_at: OffsetDateTime,
    /// By which the list is sorted, as text.
    pub key: String,
}

/// The first `limit` titles after a place, the newest first.
pub(crate) async fn list(
    pool: &PgPool,
    publication: Option<Publication>,
    after: Option<(String, TitleId)>,
    limit: i64,
) -> Result<Vec<ListedTitle>, sqlx::Error> {
    let (key, id) = after.unzip();
    let rows: Vec<(Json<Title>, OffsetDateTime, String)> = sqlx::query_as(
        "select document, created_at, created_at::text as place from titles where ($1::text is null or publication = $1) \
         and ($2::text is null or (created_at, id) < ($2::timestamptz, $3)) order by created_at desc, id desc limit $4",
    )
    .bind(publication)
    .bind(key)
    .bind(id)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(Json(title), created_at, key)| ListedTitle { title, created_at, key }).collect())
}

/// Waits for whoever else works on this id, even while there is no such title, until the transaction ends.
pub(crate) async fn lock_id(connection: &mut PgConnection, id: TitleId) -> Result<(), sqlx::Error> {
    let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))").bind(id);
    lock.execute(connection).await.map(drop)
}

/// The title, which nobody else can change until the transaction ends, nor what it belongs to.
pub(crate) async fn lock(connection: &mut PgConnection, id: TitleId) -> Result<Option<Title>, sqlx::Error> {
    // From the series down, as everybody does: two that go in different ways would wait for each other.
    let parent: Option<Option<TitleId>> = sqlx::query_scalar("select parent_id from titles where id = $1")
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?;
    lock_wholes(connection, parent.flatten()).await?;
    let found: Option<Json<Title>> = sqlx::query_scalar("select document from titles where id = $1 for update")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|Json(title)| title))
}

/// The title of this kind that somebody else calls so. Whoever makes one holds the lock of the name, see [`lock_external_id`].
pub(crate) async fn with_external_id(
    connection: &mut PgConnection,
    kind: TitleKind,
    (namer, id): (&str, &ExternalId),
) -> Result<Option<TitleId>, sqlx::Error> {
    sqlx::query_scalar(
        "select id from titles where document->'external_ids' @> jsonb_build_object($2::text, $3::text) and kind = $1 order by id limit 1",
    )
    .bind(kind)
    .bind(namer)
    .bind(id.as_str())
    .fetch_optional(connection)
    .await
}

/// The season or episode at a place of its series or season.
pub(crate) async fn at_place(
    connection: &mut PgConnection,
    (parent, number): (TitleId, u16),
) -> Result<Option<TitleId>, sqlx::Error> {
    let found = sqlx::query_scalar("select id from titles where parent_id = $1 and number = $2");
    found.bind(parent).bind(i32::from(number)).fetch_optional(connection).await
}

/// Waits for whoever else makes a title of what somebody else calls so, until the transaction ends.
pub(crate) async fn lock_external_id(
    connection: &mut PgConnection,
    kind: TitleKind,
    (namer, id): (&str, &ExternalId),
) -> Result<(), sqlx::Error> {
    let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))");
    lock.bind(format!("{namer} {kind} {id}")).execute(connection).await.map(drop)
}

/// The series and the season that a title with this parent belongs to, which nobody can change until the transaction ends.
pub(crate) async fn lock_wholes(
    connection: &mut PgConnection,
    parent: Option<TitleId>,
) -> Result<Vec<Title>, sqlx::Error> {
    let Some(parent) = parent else { return Ok(vec![]) };
    let wholes: Vec<Json<Title>> = sqlx::query_scalar(
        "select document from titles where id = $1 or id = (select parent_id from titles where id = $1) \
         order by parent_id nulls first for share",
    )
    .bind(parent)
    .fetch_all(connection)
    .await?;
    Ok(wholes.into_iter().map(|Json(whole)| whole).collect())
}

/// The public seasons and episodes of a series or season, which nobody else can change until the transaction ends.
pub(crate) async fn lock_public_parts(connection: &mut PgConnection, id: TitleId) -> Result<Vec<Title>, sqlx::Error> {
    let parts: Vec<Json<Title>> = sqlx::query_scalar(
        "with recursive parts as (select id from titles where parent_id = $1 \
         union select t.id from titles t join parts p on t.parent_id = p.id) \
         select document from titles where id in (select id from parts) and publication in ('published', 'scheduled') \
         order by id for update",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    Ok(parts.into_iter().map(|Json(title)| title).collect())
}

/// The next published titles by id of which a window ends in this time, its first moment not included, or one of the series or the season that
/// they belong to; each with those.
pub(crate) async fn ending(
    connection: &mut PgConnection,
    (after, until): (OffsetDateTime, OffsetDateTime),
    last: Option<TitleId>,
    limit: i64,
) -> Result<Vec<(Title, Vec<Title>)>, sqlx::Error> {
    type Row = (Json<Title>, Option<Json<Title>>, Option<Json<Title>>);
    let ending: Vec<Row> = sqlx::query_as(
        "with recursive ending as (select id from titles t where publication = 'published' and windows <> '[]'::jsonb \
         and exists (select from jsonb_array_elements(t.windows) as w where (w->>'until')::timestamptz > $2 \
         and (w->>'until')::timestamptz <= $3) \
         union select t.id from titles t join ending e on t.parent_id = e.id where t.publication = 'published') \
         select t.document, s.document, p.document from ending e join titles t on t.id = e.id \
         left join titles s on s.id = t.parent_id left join titles p on p.id = s.parent_id \
         where $1::text is null or t.id > $1 order by t.id limit $4",
    )
    .bind(last)
    .bind(after)
    .bind(until)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let found = |(Json(title), season, series): Row| {
        (title, [season, series].into_iter().flatten().map(|Json(whole)| whole).collect())
    };
    Ok(ending.into_iter().map(found).collect())
}

/// Whether there is a title, in whatever state.
pub(crate) async fn is_there(pool: &PgPool, id: TitleId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from titles where id = $1)").bind(id).fetch_one(pool).await
}

/// Whether there is a title of this kind.
pub(crate) async fn exists(connection: &mut PgConnection, id: TitleId, kind: TitleKind) -> Result<bool, sqlx::Error> {
    let exists = sqlx::query_scalar("select exists (select from titles where id = $1 and kind = $2)");
    exists.bind(id).bind(kind).fetch_one(connection).await
}

/// Adds a title; `false` when another one has its slug.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    title: &Title,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let names = title.names().column();
    let inserted = sqlx::query(
        "insert into titles (id, document, published_at, names, sort_keys, sort_version, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict on constraint titles_slug_key do nothing",
    )
    .bind(title.id)
    .bind(Json(title))
    .bind(title.published_at)
    .bind(&names)
    .bind(collation::keys(&names))
    .bind(collation::VERSION)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes the next version of a title.
pub(crate) async fn update(connection: &mut PgConnection, title: &Title) -> Result<(), sqlx::Error> {
    let names = title.names().column();
    sqlx::query(
        "update titles set document = $2, published_at = $3, names = $4, sort_keys = $5, sort_version = $6 where id = $1",
    )
    .bind(title.id)
    .bind(Json(title))
    .bind(title.published_at)
    .bind(&names)
    .bind(collation::keys(&names))
    .bind(collation::VERSION)
    .execute(connection)
    .await
    .map(drop)
}

/// Makes the sort keys of at most `limit` titles anew that have none of this version; returns how many. Titles that are being changed get
/// theirs with the change.
pub(crate) async fn refresh_sort_keys(connection: &mut PgConnection, limit: i64) -> Result<usize, sqlx::Error> {
    let stale: Vec<(TitleId, Value)> = sqlx::query_as(
        "select id, names from titles where sort_version <> $1 order by id limit $2 for update skip locked",
    )
    .bind(collation::VERSION)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let (ids, keys): (Vec<TitleId>, Vec<Value>) =
        stale.into_iter().map(|(id, names)| (id, collation::keys(&names))).unzip();
    let written = sqlx::query(
        "update titles t set sort_keys = k.keys, sort_version = $3 from unnest($1::text[], $2::jsonb[]) as k (id, keys) \
         where t.id = k.id",
    );
    written.bind(&ids).bind(keys).bind(collation::VERSION).execute(connection).await?;
    Ok(ids.len())
}

/// Deletes a title.
pub(crate) async fn delete(connection: &mut PgConnection, id: TitleId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from titles where id = $1").bind(id).execute(connection).await.map(drop)
}
