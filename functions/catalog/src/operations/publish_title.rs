//! `POST /v1/admin/titles/{id}/publish`: shows a title to viewers, now or from a later moment on.

use cinema_http::{Editor, IfMatch, Json, Path, Problem, State};
use events::Outbox;
use kernel::{TitleId, World, policy::ADULT};
use runtime::PublicUrl;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{Edited, edited};
use crate::{
    change::{self, Author},
    edited::EditedTitle,
    problems::no_such_title,
    publication::{offered_within, publish},
    store::titles,
    windows::is_plausible,
};

runtime::wire! { pub(super) struct PublishTitle { outbox: Outbox, world: World, public_url: PublicUrl } }

/// How to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishTitleRequest {
    /// Lowest age the title is meant for; needed unless it is rated already.
    #[serde(default)]
    #[schema(maximum = 18)]
    rating: Option<u8>,
    /// First moment, RFC 3339; its windows then begin no earlier. Absent: at once.
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

impl PublishTitleRequest {
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

/// Publishes a title. A title that is published already stays as it is, unless the request gives another rating or a later moment.
#[utoipa::path(
    post, path = "/v1/admin/titles/{id}/publish", tag = "catalog", request_body = PublishTitleRequest,
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedTitle), Problem)
)]
pub(super) async fn publish_title(
    State(PublishTitle { outbox, world, public_url }): State<PublishTitle>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
    Json(request): Json<PublishTitleRequest>,
) -> Result<Edited, Problem> {
    request.check()?;
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&before.etag())?;
            let now = world.now();
            let after = publish(&before, request.rating, request.at, now)?;
            if after.publication != before.publication {
                offered_within(&after, &titles::lock_wholes(tx, after.about.parent_id).await?)?;
            }
            let title = change::save(tx, &author, "published", &before, after).await?;
            Ok(edited(&title, now, &public_url))
        })
        .await
}
