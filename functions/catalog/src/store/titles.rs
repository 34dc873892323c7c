//! Titles: one document each; the columns that lists filter and sort by are derived from it.

use std::collections::BTreeMap;

use kernel::{TitleId, TitleKind};
use sqlx::{PgConnection, PgPool, types::Json};

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
pub(crate) async fn insert(connection: &mut PgConnection, title: &Title) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into titles (id, document, published_at, names) values ($1, $2, $3, $4) on conflict on constraint titles_slug_key do nothing",
    )
    .bind(title.id)
    .bind(Json(title))
    .bind(title.published_at)
    .bind(title.names().column())
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
