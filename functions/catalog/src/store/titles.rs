//! Titles: one document each; the columns that lists filter and sort by are derived from it.

use std::collections::BTreeMap;

use kernel::{TitleId, TitleKind, policy::Publication};
use sqlx::{PgConnection, PgPool, types::Json};
use time::OffsetDateTime;

use crate::{genre::Names, title::Title};

/// A title in whatever state, with the names of its genres by slug.
pub(crate) async fn find(pool: &PgPool, id: TitleId) -> Result<Option<(Title, BTreeMap<String, Names>)>, sqlx::Error> {
    type Row = (Json<Title>, Option<Json<BTreeMap<String, Names>>>);
    let row: Option<Row> = sqlx::query_as(
        "select document, (select jsonb_object_agg(g.slug, g.names) from genres g where t.document->'about'->'genres' ? g.slug) \
         from titles t where t.id = $1",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(Json(title), genres)| (title, genres.map(|Json(genres)| genres).unwrap_or_default())))
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
        "select document, created_at, created_at::text from titles where ($1::text is null or publication = $1) \
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

/// The title, which nobody else can change until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: TitleId) -> Result<Option<Title>, sqlx::Error> {
    let found: Option<Json<Title>> = sqlx::query_scalar("select document from titles where id = $1 for update")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|Json(title)| title))
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
    let inserted = sqlx::query(
        "insert into titles (id, document, published_at, names, created_at) values ($1, $2, $3, $4, $5) \
         on conflict on constraint titles_slug_key do nothing",
    )
    .bind(title.id)
    .bind(Json(title))
    .bind(title.published_at)
    .bind(title.names().column())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes the next version of a title.
pub(crate) async fn update(connection: &mut PgConnection, title: &Title) -> Result<(), sqlx::Error> {
    sqlx::query("update titles set document = $2, published_at = $3, names = $4 where id = $1")
        .bind(title.id)
        .bind(Json(title))
        .bind(title.published_at)
        .bind(title.names().column())
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes a title.
pub(crate) async fn delete(connection: &mut PgConnection, id: TitleId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from titles where id = $1").bind(id).execute(connection).await.map(drop)
}
