//! `GET /v1/admin/titles/{id}/captions`: every caption track of a title, with what became of its newest file.

use cinema_http::{Editor, Json, Path, Problem, State as Extract};
use events::contracts::CaptionKind;
use kernel::{TitleId, World};
use runtime::Access;
use serde::Serialize;
use stores::Table;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    captions::{
        language::Language,
        refusal::Refusal,
        title::TitleCaptions,
        track::{Track, TrackState},
    },
    problems::unknown_title,
    store,
};

runtime::wire! {
    pub(super) struct ListCaptions {
        table: Table = |boot| boot.table("assets", Access::Read),
        world: World,
    }
}

/// The captions of a title.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaptionsAnswer {
    /// By language and kind.
    items: Vec<ShownTrack>,
}

/// A caption track as its editor sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShownTrack {
    language: Language,
    kind: CaptionKind,
    /// How players list it.
    name: String,
    /// What became of the newest file.
    state: TrackState,
    /// Why the newest file cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// How many captions viewers are offered; absent while they are offered none, which is not so where an older file is still in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    captions_offered: Option<usize>,
    /// When the newest file was announced.
    #[serde(with = "time::serde::rfc3339")]
    announced_at: OffsetDateTime,
}

impl ShownTrack {
    fn of(track: Track, now: OffsetDateTime) -> Self {
        Self {
            name: track.name.shown(),
            state: track.state(now),
            refusal: track.file.refusal().cloned(),
            captions_offered: track.offered.map(|offered| offered.cues),
            announced_at: track.file.announced_at,
            language: track.name.language,
            kind: track.name.kind,
        }
    }
}

#[utoipa::path(
    get, path = "/v1/admin/titles/{id}/captions", tag = "media", params(("id" = TitleId, Path)),
    responses((status = 200, description = "All tracks", body = CaptionsAnswer), Problem)
)]
pub(super) async fn list_captions(
    Extract(ListCaptions { table, world }): Extract<ListCaptions>,
    _: Editor,
    Path(id): Path<TitleId>,
) -> Result<Json<CaptionsAnswer>, Problem> {
    let title = store::titles::find(&table, id).await?.filter(|title| !title.is_deleted);
    title.ok_or_else(|| unknown_title(false))?;
    let captions = store::captions::find(&table, id).await?.unwrap_or_else(|| TitleCaptions::none(id));
    let now = world.now();
    Ok(Json(CaptionsAnswer { items: captions.tracks.into_iter().map(|track| ShownTrack::of(track, now)).collect() }))
}
