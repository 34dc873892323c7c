//! Genres with their names.

use sqlx::{PgConnection, PgPool, types::Json};

use crate::{genre::Names, text::Slug};

/// All genres.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<(String, Json<Names>)>, sqlx::Error> {
    sqlx::query_as("select slug, names from genres order by slug").fetch_all(pool).await
}

/// Whether there is such a genre.
pub(crate) async fn exists(pool: &PgPool, slug: &Slug) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from genres where slug = $1)").bind(slug.as_str()).fetch_one(pool).await
}

/// Which of the slugs name genres.
pub(crate) async fn known(connection: &mut PgConnection, slugs: &[&str]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select slug from genres where slug = any($1)").bind(slugs).fetch_all(connection).await
}
