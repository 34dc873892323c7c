//! Who asks for a playlist, and how one is answered: a player can send no headers, so the session's token is in the address.

use cinema_http::{
    HeaderValue, IntoResponse, OpenApiRouter, Problem, Query, Response,
    axum::{extract::FromRequestParts, http::request::Parts},
    header,
};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

/// The content type of RFC 8216, 4.
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");

/// The token of the address; 403 without one.
#[derive(Debug, Clone)]
pub(super) struct UrlToken(pub String);

/// Players may add parameters of their own.
#[derive(Deserialize)]
struct TokenQuery {
    #[serde(default)]
    token: String,
}

impl<S: Send + Sync> FromRequestParts<S> for UrlToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(TokenQuery { token }) = Query::from_request_parts(parts, state).await?;
        if token.is_empty() {
            return Err(Problem::forbidden("token_required", "This address needs the token of its session."));
        }
        Ok(Self(token))
    }
}

/// A playlist holds a session's token or signatures: nobody but the player may keep it.
pub(super) struct Playlist(pub String);

impl IntoResponse for Playlist {
    fn into_response(self) -> Response {
        let no_store = HeaderValue::from_static("private, no-store");
        ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, no_store)], self.0).into_response()
    }
}

/// Playlists repeat themselves: packed they have a tenth of their size.
pub(super) fn compressed(router: OpenApiRouter) -> OpenApiRouter {
    router.layer(CompressionLayer::new().gzip(true))
}
