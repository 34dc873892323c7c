//! `GET /v1/playback/sessions/{id}/master.m3u8`: what the session may play, capped by plan and device.

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
    let (claims, session) = state.admission.admit(id, &token).await?;
    let text = state.playlists.master(session.asset).await?.ok_or_else(problems::unknown_film)?;
    let master = Master::capped(&text, claims.max_height);
    let address = |rendition: &_| format!("/v1/playback/sessions/{id}/renditions/{rendition}?token={token}");
    Ok(Playlist(master.write(address)))
}
