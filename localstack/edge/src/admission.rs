//! What every request must be before it is routed: for one of our names, along a plain path, of a length that the gateway takes.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use playback::signed_url::leaves_its_prefix;

use crate::{origins::Origins, problem::problem};

/// CloudFront takes 8,192 characters.
const LONGEST_URL: usize = 8_192;
/// API Gateway takes 10,240 bytes of headers in all.
const HEADER_BYTES: usize = 10_240;
/// Whoever asks for one of them means this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

pub(crate) async fn check(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&origins, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // An operation may say that nothing is to be told.
    let policy = HeaderValue::from_static("strict-origin-when-cross-origin");
    headers.entry(header::REFERRER_POLICY).or_insert(policy);
    response
}

fn refusal(origins: &Origins, request: &Request) -> Option<Response> {
    let host = host(request);
    if !is_ours(&host, &origins.public_url) {
        // A page elsewhere whose name was pointed at this machine must not read the mailbox.
        let detail = "This server does not answer for that name. Use its public address.";
        return Some(problem(StatusCode::MISDIRECTED_REQUEST, "misdirected_request", detail));
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    if target.len() > LONGEST_URL {
        let detail = "The address is too long. It may have at most 8192 characters.";
        return Some(problem(StatusCode::URI_TOO_LONG, "uri_too_long", detail));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > HEADER_BYTES {
        let detail = "The headers are too long. They may have at most 10240 bytes in all.";
        return Some(problem(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", detail));
    }
    let path = request.uri().path();
    let is_text = percent_decode_str(path).decode_utf8().is_ok();
    if !is_text || leaves_its_prefix(path) || path.contains("//") {
        let detail = "This path is not taken. Write it without empty segments and without dots in place of a name.";
        return Some(problem(StatusCode::BAD_REQUEST, "invalid_path", detail));
    }
    // Addresses in answers, cookies and signatures belong to the public name.
    let is_page = *request.method() == Method::GET && crate::web::wants_html(request.headers());
    if is_page && format!("http://{host}") != origins.public_url && origins.public_url.starts_with("http://localhost") {
        let place = format!("{}{target}", origins.public_url);
        return Some((StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response());
    }
    None
}

fn host(request: &Request) -> String {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    header
        .or_else(|| request.uri().authority().map(|authority| authority.as_str()))
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn is_ours(host: &str, public_url: &str) -> bool {
    let public = public_url.split_once("://").map_or(public_url, |(_, host)| host);
    let port = public.rsplit_once(':').map_or("80", |(_, port)| port);
    host == public || LOOPBACK.iter().any(|name| host == format!("{name}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_answered() {
        let ours = |host| is_ours(host, "http://localhost:8080");
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(ours(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost",
            "localhost:80",
            "localhost:8080.evil.example",
            "127.0.0.2:8080",
        ] {
            assert!(!ours(host), "{host}");
        }
    }
}
