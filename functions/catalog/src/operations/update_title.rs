//! `PATCH /v1/admin/titles/{id}`: changes what an editor wrote, by JSON Merge Patch.

use cinema_http::{Editor, IfMatch, Json, OpenApiRouter, Path, Problem, Response, State, StatusCode, routes};
use kernel::{TitleId, policy::Publication};
use runtime::{Boot, BootError};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    draft::Draft,
    edited::EditedTitle,
    publication::{refusal, unmet},
    store::Writer,
    title::Title,
};

/// Changes a title; what a published title must have cannot be taken from it.
#[utoipa::path(
    patch, path = "/v1/admin/titles/{id}", tag = "catalog", security(("editor" = [])),
    request_body(
        content = Draft, content_type = "application/merge-patch+json",
        description = "JSON Merge Patch (RFC 7396): absent members stay, null removes"
    ),
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedTitle), Problem)
)]
async fn update_title(
    State(titles): State<Writer>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
    Json(patch): Json<Value>,
) -> Result<Response, Problem> {
    let mut transaction = titles.begin().await?;
    let before = titles.lock(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("title"))?;
    if_match.check(&before.etag())?;
    let now = titles.world().now();
    let after = changed(&before, &patch, now)?;
    let actor = editor.id.to_string();
    let (title, posted) = titles.save(&mut transaction, &before, after, (&actor, "updated")).await?;
    titles.commit(transaction, posted).await?;
    Ok(EditedTitle::of(&title, now).answer(StatusCode::OK))
}

fn changed(before: &Title, patch: &Value, now: OffsetDateTime) -> Result<Title, Problem> {
    let after = Title { about: before.about.patched(patch)?, ..before.clone() };
    let is_public = matches!(after.publication, Publication::Published | Publication::Scheduled);
    let unmet = if is_public && after != *before { unmet(&after, now) } else { vec![] };
    if unmet.is_empty() { Ok(after) } else { Err(refusal(&unmet)) }
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(update_title)).with_state(Writer::new(boot)?))
}
