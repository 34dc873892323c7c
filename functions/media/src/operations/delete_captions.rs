//! `DELETE /v1/admin/titles/{id}/captions/{language}/{kind}`: viewers are no longer offered a caption track.

use cinema_http::{Editor, Path, Problem, State, StatusCode};
use events::contracts::CaptionKind;
use kernel::{TitleId, World};
use runtime::Access;
use stores::Table;

use crate::{
    captions::{language::Language, track::TrackName},
    problems::unknown_title,
    store,
};

runtime::wire! {
    pub(super) struct DeleteCaptions {
        table: Table = |boot| boot.table("assets", Access::ReadWrite),
        world: World,
    }
}

/// A file that is on its way counts no more either. Whoever is watching may read the track to the end.
#[utoipa::path(
    delete, path = "/v1/admin/titles/{id}/captions/{language}/{kind}", tag = "media",
    params(("id" = TitleId, Path), ("language" = inline(Language), Path), ("kind" = inline(CaptionKind), Path)),
    responses((status = 204, description = "There is no such track any more; repeating it changes nothing"), Problem)
)]
pub(super) async fn delete_captions(
    State(DeleteCaptions { table, world }): State<DeleteCaptions>,
    _: Editor,
    Path((id, language, kind)): Path<(TitleId, Language, CaptionKind)>,
) -> Result<StatusCode, Problem> {
    let title = store::titles::find(&table, id).await?.filter(|title| !title.is_deleted);
    title.ok_or_else(|| unknown_title(false))?;
    let name = TrackName { language, kind };
    let now = world.now();
    store::captions::change(&table, id, |captions| captions.without(&name, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}
