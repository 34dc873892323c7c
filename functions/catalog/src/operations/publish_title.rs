//! `POST /v1/admin/titles/{id}/publish`: shows a title to viewers, now or from a later moment on.

use cinema_http::{Editor, IfMatch, Json, OpenApiRouter, Path, Problem, Response, State, StatusCode, routes};
use kernel::{TitleId, policy::ADULT};
use runtime::{Boot, BootError};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    edited::EditedTitle,
    publication::{publish, refusal},
    store::Writer,
    windows::is_plausible,
};

/// How to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Publishing {
    /// Lowest age the title is meant for; needed unless it is rated already.
    #[serde(default)]
    #[schema(maximum = 18)]
    rating: Option<u8>,
    /// First moment, RFC 3339; its windows then begin no earlier. Absent: at once.
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

impl Publishing {
    fn check(&self) -> Result<(), Problem> {
        if self.rating.is_some_and(|rating| rating > ADULT) {
            return Err(Problem::invalid("/rating", "must be an age from 0 to 18"));
        }
        if self.at.is_some_and(|at| !is_plausible(at)) {
            return Err(Problem::invalid("/at", "must lie between 1900 and 2200"));
        }
        Ok(())
    }
}

/// Publishes a title; again changes nothing.
#[utoipa::path(
    post, path = "/v1/admin/titles/{id}/publish", tag = "catalog", security(("editor" = [])),
    request_body = Publishing,
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedTitle), Problem)
)]
async fn publish_title(
    State(titles): State<Writer>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
    Json(publishing): Json<Publishing>,
) -> Result<Response, Problem> {
    publishing.check()?;
    let mut transaction = titles.begin().await?;
    let before = titles.lock(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("title"))?;
    if_match.check(&before.etag())?;
    let now = titles.world().now();
    let after = publish(&before, publishing.rating, publishing.at, now).map_err(|unmet| refusal(&unmet))?;
    let actor = editor.id.to_string();
    let (title, posted) = titles.save(&mut transaction, &before, after, (&actor, "published")).await?;
    titles.commit(transaction, posted).await?;
    Ok(EditedTitle::of(&title, now).answer(StatusCode::OK))
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(publish_title)).with_state(Writer::new(boot)?))
}
