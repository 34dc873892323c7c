//! `PUT /v1/admin/collections/{slug}`: what belongs together, and what it is called.

use cinema_http::{Editor, HeaderName, IfMatch, Json, Path, Problem, State, header};
use sqlx::PgPool;
use stores::postgres;

use crate::{
    collection::{CollectionDraft, EditedCollection},
    store::collections,
    text::Slug,
    violation::InvalidDraft,
};

runtime::wire! { pub(super) struct PutCollection { pool: PgPool } }

/// Makes a collection, or replaces what it was. Titles in whatever state can be in it; viewers see those that they may see.
#[utoipa::path(
    put, path = "/v1/admin/collections/{slug}", tag = "catalog", request_body = CollectionDraft,
    params(("slug" = inline(Slug), Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedCollection), Problem)
)]
pub(super) async fn put_collection(
    State(PutCollection { pool }): State<PutCollection>,
    Editor(_editor): Editor,
    Path(slug): Path<Slug>,
    if_match: IfMatch,
    Json(draft): Json<CollectionDraft>,
) -> Result<([(HeaderName, String); 1], Json<EditedCollection>), Problem> {
    let about = draft.checked()?;
    let collection = postgres::transact(&pool, async |tx| {
        let before = collections::lock(tx, &slug).await?;
        let version = before.as_ref().map_or(0, |before| before.version);
        if_match.check(&etag(version))?;
        if let Some(before) = before.filter(|before| before.about == about) {
            return Ok(before);
        }
        let known = collections::known_titles(tx, &about.titles).await?;
        if let Some(at) = about.titles.iter().position(|title| !known.contains(title)) {
            return Err(InvalidDraft::at(format!("/titles/{at}"), "there is no such title").into());
        }
        let after = EditedCollection { slug: slug.to_string(), version: version + 1, about: about.clone() };
        collections::write(tx, &after).await?;
        Ok::<_, Problem>(after)
    })
    .await?;
    Ok(([(header::ETAG, etag(collection.version))], Json(collection)))
}

/// Nobody has seen version 0: no tag but `*` fits a collection that is not there.
fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
