//! Genres with their names.

use sqlx::{PgConnection, PgPool, types::Json};

use crate::{
    genre::{EditedGenre, GenreDraft, Names},
    text::Slug,
};

/// All genres.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<(String, Json<Names>)>, sqlx::Error> {
    sqlx::query_as("select slug, names from genres order by slug").fetch_all(pool).await
}

/// Whether there is such a genre.
pub(crate) async fn exists(pool: &PgPool, slug: &Slug) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from genres where slug = $1)").bind(slug.as_str()).fetch_one(pool).await
}

/// Which of the slugs name genres; they stay until the transaction ends.
pub(crate) async fn known(connection: &mut PgConnection, slugs: &[&str]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select slug from genres where slug = any($1) order by slug for key share")
        .bind(slugs)
        .fetch_all(connection)
        .await
}

/// The genre, which nobody else can change, give to a title or make until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, slug: &Slug) -> Result<Option<EditedGenre>, sqlx::Error> {
    // While there is no row to lock, whoever makes it waits here.
    let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended('genre ' || $1, 0))");
    lock.bind(slug.as_str()).execute(&mut *connection).await?;
    let found: Option<(i64, Json<GenreDraft>)> =
        sqlx::query_as("select version, jsonb_build_object('names', names) from genres where slug = $1 for update")
            .bind(slug.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(version, Json(about))| EditedGenre { slug: slug.to_string(), version, about }))
}

/// Whether a title has it.
pub(crate) async fn is_used(connection: &mut PgConnection, slug: &Slug) -> Result<bool, sqlx::Error> {
    let used = sqlx::query_scalar("select exists (select from titles where document->'about'->'genres' ? $1)");
    used.bind(slug.as_str()).fetch_one(connection).await
}

/// Writes a genre.
pub(crate) async fn write(connection: &mut PgConnection, genre: &EditedGenre) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into genres (slug, version, names) values ($1, $2, $3) \
         on conflict (slug) do update set version = excluded.version, names = excluded.names",
    )
    .bind(&genre.slug)
    .bind(genre.version)
    .bind(Json(&genre.about.names))
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes a genre.
pub(crate) async fn delete(connection: &mut PgConnection, slug: &Slug) -> Result<(), sqlx::Error> {
    sqlx::query("delete from genres where slug = $1").bind(slug.as_str()).execute(connection).await.map(drop)
}
