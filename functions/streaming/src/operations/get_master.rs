//! `GET /v1/playback/sessions/{id}/master.m3u8`: what the session may play, capped by plan and device, with the
//! captions of its title.

use cinema_http::{Path, Problem, State, UrlToken};
use kernel::PlaybackId;

use crate::{admission::Admission, master::Master, playlist::Playlist, playlist_cache::PlaylistCache, problems};

runtime::wire! {
    pub(super) struct GetMaster {
        admission: Admission,
        playlists: PlaylistCache,
    }
}

/// The HLS master playlist; its addresses carry the session's token.
#[utoipa::path(
    get, path = "/v1/playback/sessions/{id}/master.m3u8", tag = "streaming",
    params(("id" = PlaybackId, Path), ("token" = String, Query)),
    responses((status = 200, body = String, content_type = "application/vnd.apple.mpegurl"), Problem)
)]
pub(super) async fn get_master(
    State(state): State<GetMaster>,
    UrlToken(token): UrlToken,
    Path(id): Path<PlaybackId>,
) -> Result<Playlist, Problem> {
    let (claims, session, title) = state.admission.admit(id, &token).await?;
    let text = state.playlists.master(session.asset).await?.ok_or_else(problems::unknown_film)?;
    let captions = title.map(|title| title.captions).unwrap_or_default();
    let master = Master::capped(&text, claims.max_height).with_captions(&captions);
    let address = |rendition: &_| format!("/v1/playback/sessions/{id}/renditions/{rendition}?token={token}");
    Ok(Playlist(master.write(address)))
}
