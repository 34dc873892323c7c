//! `GET /v1/playback/sessions/{id}/master.m3u8`: what the session may play, capped by plan and device.

use cinema_http::{OpenApiRouter, Path, Problem, Query, Response, State, routes};
use kernel::PlaybackId;
use runtime::{Access, Boot, BootError};
use tower_http::compression::CompressionLayer;

use crate::{
    film::Films,
    master::Master,
    page::playlist_response,
    pass::{Passes, TokenQuery},
    store::Store,
};

/// Opens films.
#[derive(Clone)]
struct Projector {
    passes: Passes,
    films: Films,
}

/// The HLS master playlist; its addresses carry the session's token.
#[utoipa::path(
    get,
    path = "/v1/playback/sessions/{id}/master.m3u8",
    tag = "streaming",
    security(("url_token" = [])),
    params(("id" = PlaybackId, Path), ("token" = String, Query)),
    responses((status = 200, body = String, content_type = "application/vnd.apple.mpegurl"), Problem)
)]
async fn get_master(
    State(projector): State<Projector>,
    Path(id): Path<PlaybackId>,
    Query(TokenQuery { token }): Query<TokenQuery>,
) -> Result<Response, Problem> {
    let (claims, session) = projector.passes.admit(id, &token).await?;
    let text = projector.films.master(session.asset).await?;
    let master = Master::capped(&text, claims.max_height);
    let address = |rendition: &_| format!("/v1/playback/sessions/{id}/renditions/{rendition}?token={token}");
    Ok(playlist_response(master.write(address)))
}

/// Reads sessions and playlists.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let passes = Passes::new(boot, Store::new(boot.table("playback", Access::Read)?))?;
    let films = Films::new(boot.bucket("media", Access::Read)?);
    let router = OpenApiRouter::new().routes(routes!(get_master)).with_state(Projector { passes, films });
    Ok(router.layer(CompressionLayer::new().gzip(true)))
}
