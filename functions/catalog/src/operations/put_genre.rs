//! `PUT /v1/admin/genres/{slug}`: what a genre is called.

use cinema_http::{Editor, HeaderName, IfMatch, Json, Path, Problem, State, header};
use sqlx::PgPool;
use stores::postgres;

use crate::{
    genre::{EditedGenre, GenreDraft},
    store::genres,
    text::Slug,
};

runtime::wire! { pub(super) struct PutGenre { pool: PgPool } }

/// Makes a genre, or replaces its names.
#[utoipa::path(
    put, path = "/v1/admin/genres/{slug}", tag = "catalog", request_body = GenreDraft,
    params(("slug" = inline(Slug), Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedGenre), Problem)
)]
pub(super) async fn put_genre(
    State(PutGenre { pool }): State<PutGenre>,
    Editor(_editor): Editor,
    Path(slug): Path<Slug>,
    if_match: IfMatch,
    Json(draft): Json<GenreDraft>,
) -> Result<([(HeaderName, String); 1], Json<EditedGenre>), Problem> {
    let about = draft.checked()?;
    let genre = postgres::transact(&pool, async |tx| {
        let before = genres::lock(tx, &slug).await?;
        let version = before.as_ref().map_or(0, |before| before.version);
        if_match.check(&etag(version))?;
        if let Some(before) = before.filter(|before| before.about == about) {
            return Ok(before);
        }
        let after = EditedGenre { slug: slug.to_string(), version: version + 1, about: about.clone() };
        genres::write(tx, &after).await?;
        Ok::<_, Problem>(after)
    })
    .await?;
    Ok(([(header::ETAG, etag(genre.version))], Json(genre)))
}

/// Nobody has seen version 0: no tag but `*` fits a genre that is not there.
fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
