//! Collections with their titles.

use std::collections::BTreeMap;

use kernel::{Locale, TitleId};
use sqlx::{PgConnection, PgPool, types::Json};

use crate::{
    collection::{CollectionDraft, CollectionText, EditedCollection},
    text::Slug,
};

/// The texts of a collection.
pub(crate) async fn texts(pool: &PgPool, slug: &Slug) -> Result<Option<BTreeMap<Locale, CollectionText>>, sqlx::Error> {
    let found: Option<Json<_>> = sqlx::query_scalar("select localisations from collections where slug = $1")
        .bind(slug.as_str())
        .fetch_optional(pool)
        .await?;
    Ok(found.map(|Json(texts)| texts))
}

/// The collection, which nobody else can change until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, slug: &Slug) -> Result<Option<EditedCollection>, sqlx::Error> {
    type Row = (i64, Json<BTreeMap<Locale, CollectionText>>, Vec<TitleId>);
    // While there is no row to lock, whoever makes it waits here.
    let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended('collection ' || $1, 0))");
    lock.bind(slug.as_str()).execute(&mut *connection).await?;
    let found: Option<Row> = sqlx::query_as(
        "select version, localisations, \
         array(select title_id from collection_titles t where t.slug = c.slug order by place) from collections c where slug = $1",
    )
    .bind(slug.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(version, Json(localisations), titles)| EditedCollection {
        slug: slug.to_string(),
        version,
        about: CollectionDraft { localisations, titles },
    }))
}

/// Which of these titles there are.
pub(crate) async fn known_titles(
    connection: &mut PgConnection,
    titles: &[TitleId],
) -> Result<Vec<TitleId>, sqlx::Error> {
    // They stay until the transaction ends.
    let known = sqlx::query_scalar("select id from titles where id = any($1) order by id for key share");
    known.bind(titles).fetch_all(connection).await
}

/// Writes a collection, whose titles there are.
pub(crate) async fn write(connection: &mut PgConnection, collection: &EditedCollection) -> Result<(), sqlx::Error> {
    let EditedCollection { slug, version, about } = collection;
    sqlx::query(
        "insert into collections (slug, version, localisations) values ($1, $2, $3) \
         on conflict (slug) do update set version = excluded.version, localisations = excluded.localisations",
    )
    .bind(slug)
    .bind(version)
    .bind(Json(&about.localisations))
    .execute(&mut *connection)
    .await?;
    sqlx::query("delete from collection_titles where slug = $1").bind(slug).execute(&mut *connection).await?;
    sqlx::query(
        "insert into collection_titles (slug, title_id, place) \
         select $1, title.id, title.place from unnest($2::text[]) with ordinality as title (id, place)",
    )
    .bind(slug)
    .bind(&about.titles)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes a collection; its titles stay.
pub(crate) async fn delete(pool: &PgPool, slug: &Slug) -> Result<(), sqlx::Error> {
    sqlx::query("delete from collections where slug = $1").bind(slug.as_str()).execute(pool).await.map(drop)
}
