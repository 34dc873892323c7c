//! `GET /v1/playback/sessions/{id}/renditions/{rendition}`: one rendition, every address in it signed for the edge.

use cinema_http::{OpenApiRouter, Path, Problem, Query, Response, State, routes};
use kernel::{PlaybackId, World, signed_url::SigningKey};
use runtime::{Access, Boot, BootError};
use tower_http::compression::CompressionLayer;

use crate::{
    film::Films,
    master::Master,
    page::playlist_response,
    pass::{Passes, TokenQuery},
    playlist::{expiry, sign},
    rendition::Rendition,
    secret::Key,
    signer::signing_key,
    store::Store,
};

/// Opens films and signs the way to them.
#[derive(Clone)]
struct Projector {
    passes: Passes,
    films: Films,
    signer: Key<SigningKey>,
    world: World,
    public_url: String,
}

/// An HLS media playlist; `v720-iframes` is the I-frame playlist of `v720`.
#[utoipa::path(
    get,
    path = "/v1/playback/sessions/{id}/renditions/{rendition}",
    tag = "streaming",
    security(("url_token" = [])),
    params(("id" = PlaybackId, Path), ("rendition" = String, Path), ("token" = String, Query)),
    responses((status = 200, body = String, content_type = "application/vnd.apple.mpegurl"), Problem)
)]
async fn get_playlist(
    State(projector): State<Projector>,
    Path((id, rendition)): Path<(PlaybackId, Rendition)>,
    Query(TokenQuery { token }): Query<TokenQuery>,
) -> Result<Response, Problem> {
    let (claims, session) = projector.passes.admit(id, &token).await?;
    let unknown = || Problem::not_found("rendition");
    let master = projector.films.master(session.asset).await?;
    if !Master::capped(&master, claims.max_height).offers(&rendition) {
        return Err(unknown());
    }
    let text = projector.films.playlist(session.asset, &rendition.key()).await?.ok_or_else(unknown)?;
    let folder = format!("/media/{}/{}/", session.asset, rendition.folder());
    let expires_at = expiry(session.duration, projector.world.now());
    let prefix = format!("{}{folder}", projector.public_url);
    let query = projector.signer.get().await?.sign_prefix(&prefix, expires_at);
    Ok(playlist_response(sign(&text, &folder, &query)))
}

/// Reads sessions and playlists, signs URLs.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let projector = Projector {
        passes: Passes::new(boot, Store::new(boot.table("playback", Access::Read)?))?,
        films: Films::new(boot.bucket("media", Access::Read)?),
        signer: signing_key(boot)?,
        world: boot.world(),
        public_url: boot.required("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
    };
    let router = OpenApiRouter::new().routes(routes!(get_playlist)).with_state(projector);
    Ok(router.layer(CompressionLayer::new().gzip(true)))
}
