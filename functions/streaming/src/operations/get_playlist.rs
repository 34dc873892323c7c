//! `GET /v1/playback/sessions/{id}/renditions/{rendition}`: one rendition, every address in it signed for the edge.

use std::sync::Arc;

use cinema_http::{Path, Problem, State, UrlToken};
use kernel::{PlaybackId, World};
use playback::signed_url::SigningKey;
use runtime::{Key, PublicUrl};

use crate::{
    admission::Admission,
    captions,
    master::Master,
    playlist::{Playlist, expiry, sign},
    playlist_cache::PlaylistCache,
    problems,
    rendition::Rendition,
};

runtime::wire! {
    pub(super) struct GetPlaylist {
        admission: Admission,
        playlists: PlaylistCache,
        signing_key: Key<SigningKey>,
        world: World,
        public_url: PublicUrl,
    }
}

/// An HLS media playlist; `v720-iframes` is the I-frame playlist of `v720`. Captions have names of their own, which the master playlist tells.
#[utoipa::path(
    get, path = "/v1/playback/sessions/{id}/renditions/{rendition}", tag = "streaming",
    params(("id" = PlaybackId, Path), ("rendition" = String, Path), ("token" = String, Query)),
    responses((status = 200, body = String, content_type = "application/vnd.apple.mpegurl"), Problem)
)]
pub(super) async fn get_playlist(
    State(state): State<GetPlaylist>,
    UrlToken(token): UrlToken,
    Path((id, rendition)): Path<(PlaybackId, Rendition)>,
) -> Result<Playlist, Problem> {
    let (claims, session, title) = state.admission.admit(id, &token).await?;
    let unknown = || Problem::not_found("rendition");
    let (folder, text): (String, Arc<str>) = if rendition.is_captions() {
        let title = title.ok_or_else(unknown)?;
        let track = captions::find(&title.captions, &rendition).ok_or_else(unknown)?;
        let (folder, file) = captions::place(track).ok_or_else(unknown)?;
        (format!("/media/{folder}"), captions::playlist(file, session.duration).into())
    } else {
        let master = state.playlists.master(session.asset).await?.ok_or_else(problems::unknown_film)?;
        if !Master::capped(&master, claims.max_height).offers(&rendition) {
            return Err(unknown());
        }
        let text = state.playlists.get(session.asset, &rendition.key()).await?.ok_or_else(unknown)?;
        (format!("/media/{}/{}/", session.asset, rendition.folder()), text)
    };
    let expires_at = expiry(session.duration, state.world.now());
    let query = state.signing_key.get().await?.sign_prefix(&state.public_url.join(&folder), expires_at);
    Ok(Playlist(sign(&text, &folder, &query)))
}
