//! A playlist as an answer.

use cinema_http::{HeaderValue, IntoResponse, Response, header};

/// The content type of RFC 8216, 4.
const PLAYLIST: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");

/// It holds a session's token or signatures: nobody but the player may keep it.
pub fn playlist_response(text: String) -> Response {
    let no_store = HeaderValue::from_static("private, no-store");
    ([(header::CONTENT_TYPE, PLAYLIST), (header::CACHE_CONTROL, no_store)], text).into_response()
}
