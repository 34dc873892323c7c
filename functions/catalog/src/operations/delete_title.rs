//! `DELETE /v1/admin/titles/{id}`: a draft and its films go for ever.

use cinema_http::{Editor, IfMatch, Path, Problem, State, StatusCode};
use events::Outbox;
use kernel::{TitleId, World};

use crate::{
    change::{self, Author},
    problems::no_such_title,
    publication::deletable,
    store::{deleted_titles, titles},
};

runtime::wire! { pub(super) struct DeleteTitle { outbox: Outbox, world: World } }

/// Deletes a title that was never public. Whatever was uploaded for it is removed within a minute.
#[utoipa::path(
    delete, path = "/v1/admin/titles/{id}", tag = "catalog",
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 204, description = "It is gone; repeating it changes nothing"), Problem)
)]
pub(super) async fn delete_title(
    State(DeleteTitle { outbox, world }): State<DeleteTitle>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            // A report of the pipeline under way ends before.
            titles::lock_id(tx, id).await?;
            if deleted_titles::contains(tx, id).await? {
                return Ok(StatusCode::NO_CONTENT);
            }
            let title = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&title.etag())?;
            deletable(&title)?;
            change::delete(tx, &author, &title).await?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
