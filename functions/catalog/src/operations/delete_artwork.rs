//! `DELETE /v1/admin/titles/{id}/artwork/{kind}`: takes a picture back, and whatever was uploaded for it.

use cinema_http::{Editor, IfMatch, Path, Problem, State};
use events::Outbox;
use kernel::{TitleId, World};
use runtime::PublicUrl;

use super::{Edited, edited};
use crate::{
    artwork::ArtworkKind,
    change::{self, Author},
    edited::EditedTitle,
    pictures::{KEPT, Upload},
    problems::{no_such_artwork_kind, no_such_title},
    publication::still_publishable,
    store::{artwork_uploads, titles},
};

runtime::wire! { pub(super) struct DeleteArtwork { outbox: Outbox, world: World, public_url: PublicUrl } }

/// Takes a picture back. A film without an editor's poster has the one that is made from it; a public film without both keeps the editor's.
/// Repeating it changes nothing.
#[utoipa::path(
    delete, path = "/v1/admin/titles/{id}/artwork/{kind}", tag = "catalog",
    params(
        ("id" = TitleId, Path), ("kind" = inline(ArtworkKind), Path),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")
    ),
    responses((status = 200, body = EditedTitle), Problem)
)]
pub(super) async fn delete_artwork(
    State(DeleteArtwork { outbox, world, public_url }): State<DeleteArtwork>,
    Editor(editor): Editor,
    Path((id, kind)): Path<(TitleId, String)>,
    if_match: IfMatch,
) -> Result<Edited, Problem> {
    let kind: ArtworkKind = kind.parse().map_err(|_| no_such_artwork_kind())?;
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&before.etag())?;
            let now = world.now();
            let (gone, kept): (Vec<Upload>, Vec<Upload>) =
                artwork_uploads::of_title(tx, id).await?.into_iter().partition(|upload| upload.kind == kind);
            let after = before.with_uploads(&kept);
            still_publishable(&before, &after, now)?;
            let gone: Vec<_> = gone.iter().map(|upload| upload.id).collect();
            artwork_uploads::leave(tx, &gone, now + KEPT).await?;
            let title = change::save(tx, &author, "artwork_removed", &before, after).await?;
            Ok(edited(&title, now, &public_url))
        })
        .await
}
