//! `POST /v1/admin/titles/{id}/withdraw`: takes a title away from viewers, and with a series or season whatever belongs to it.

use cinema_http::{Editor, IfMatch, Path, Problem, State};
use events::Outbox;
use kernel::{TitleId, TitleKind, World};
use runtime::PublicUrl;

use super::{Edited, edited};
use crate::{
    change::{self, Author},
    edited::EditedTitle,
    problems::no_such_title,
    publication::withdraw,
    store::titles,
};

runtime::wire! { pub(super) struct WithdrawTitle { outbox: Outbox, world: World, public_url: PublicUrl } }

/// Withdraws a title; its page is 410 from now on. One that was to become public later is a draft again. Published seasons and episodes of a
/// withdrawn series or season are withdrawn with it, and come back one by one.
#[utoipa::path(
    post, path = "/v1/admin/titles/{id}/withdraw", tag = "catalog", responses((status = 200, body = EditedTitle), Problem),
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen"))
)]
pub(super) async fn withdraw_title(
    State(WithdrawTitle { outbox, world, public_url }): State<WithdrawTitle>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
) -> Result<Edited, Problem> {
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&before.etag())?;
            let now = world.now();
            let after = withdraw(&before, now)?;
            // Episodes before their seasons: what is public no longer is not told once more with the whole.
            let mut parts = titles::lock_public_parts(tx, id).await?;
            parts.sort_by_key(|part| part.about.kind != TitleKind::Episode);
            for before in parts {
                let after = withdraw(&before, now)?;
                change::save(tx, &author, "withdrawn", &before, after).await?;
            }
            let title = change::save(tx, &author, "withdrawn", &before, after).await?;
            Ok(edited(&title, now, &public_url))
        })
        .await
}
