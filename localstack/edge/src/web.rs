//! `/` → the built web app; a path without a file is the app's own page.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, Uri, header},
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

/// Scripts and media come from here only.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; \
                      style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

pub(crate) async fn file(State(origins): State<Arc<Origins>>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    // No name with dots in front: nothing above the folder, nothing hidden.
    let is_plain = path.split('/').all(|part| !part.starts_with('.') && !part.contains(['\\', '%', '\0']));
    let name = if path.is_empty() || !path.contains('.') { "index.html" } else { path };
    let found = if is_plain { tokio::fs::read(origins.web.join(name)).await.ok() } else { None };
    let Some(body) = found else {
        return problem(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.");
    };
    let headers = [
        (header::CONTENT_TYPE, content_type(name)),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}
