//! `/` → the built web app; a path without a file is the app's own page, but for `/docs`, which shows the API.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use crate::{origins::Origins, problem::problem};

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

/// Scripts, styles and media come from here only, and nothing is inline; `blob:` and, for a track of captions, `data:` is what the player library
/// makes.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; media-src 'self' blob: data:; worker-src 'self' blob:; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Whether somebody looks with a browser, not with a program.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|range| range.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
}

pub(crate) async fn file(State(origins): State<Arc<Origins>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let is_reserved = ["v1", "media"].iter().any(|prefix| first.eq_ignore_ascii_case(prefix));
    // No name with dots in front: nothing above the folder, nothing hidden.
    let is_plain = path.split('/').all(|part| !part.starts_with('.') && !part.contains(['\\', '%', '\0']));
    // The app has pages of its own at every address without a file, for whoever looks at pages.
    let is_page = !path.contains('.') && (path.is_empty() || wants_html(&headers));
    let name = match path.trim_end_matches('/') {
        "docs" => "docs/index.html",
        _ if is_page => "index.html",
        _ => path,
    };
    let found = if is_plain && !is_reserved { tokio::fs::read(origins.web.join(name)).await.ok() } else { None };
    let Some(body) = found else {
        return problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this address. Check how it is written.",
        );
    };
    let headers = [
        (header::CONTENT_TYPE, content_type(name)),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, body).into_response()
}
