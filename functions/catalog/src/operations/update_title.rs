//! `PATCH /v1/admin/titles/{id}`: changes what an editor wrote, by JSON Merge Patch.

use cinema_http::{Editor, IfMatch, Json, Path, Problem, State};
use events::Outbox;
use kernel::{TitleId, World};
use runtime::PublicUrl;
use serde_json::Value;

use super::{Edited, edited};
use crate::{
    change::{self, Author},
    draft::Draft,
    edited::EditedTitle,
    problems::no_such_title,
    publication::still_publishable,
    store::titles,
    title::Title,
};

runtime::wire! { pub(super) struct UpdateTitle { outbox: Outbox, world: World, public_url: PublicUrl } }

const MERGE_PATCH: &str = "JSON Merge Patch (RFC 7396): absent members stay, null removes";

/// Changes a title; what a published title must have cannot be taken from it.
#[utoipa::path(
    patch, path = "/v1/admin/titles/{id}", tag = "catalog", responses((status = 200, body = EditedTitle), Problem),
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    request_body(content = Draft, content_type = "application/merge-patch+json", description = MERGE_PATCH)
)]
pub(super) async fn update_title(
    State(UpdateTitle { outbox, world, public_url }): State<UpdateTitle>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
    Json(patch): Json<Value>,
) -> Result<Edited, Problem> {
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&before.etag())?;
            let now = world.now();
            let after = Title { about: before.about.patched(&patch)?, ..before.clone() };
            still_publishable(&before, &after, now)?;
            let title = change::save(tx, &author, "updated", &before, after).await?;
            Ok(edited(&title, now, &public_url))
        })
        .await
}
