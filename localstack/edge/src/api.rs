//! `/v1/*` → API Gateway.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{origins::Origins, problem::problem};

/// How long a body may take.
const BODY: Duration = Duration::from_secs(60);
/// API Gateway takes 10 MB.
const LIMIT_BYTES: usize = 10 << 20;
/// They belong to one connection (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 6] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TE, header::TRAILER, header::HOST];

/// The headers that only the edge may set; a client's own are dropped.
const OWN_HEADERS: [&str; 4] =
    ["x-origin-verify", "cloudfront-viewer-country", "cloudfront-viewer-address", "x-forwarded-for"];

pub(crate) async fn forward(
    State(origins): State<Arc<Origins>>,
    client: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    if let Some(refusal) = wrong_method(&origins, &parts.method, parts.uri.path()) {
        return refusal;
    }
    let body = match tokio::time::timeout(BODY, to_bytes(body, LIMIT_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return problem(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body may have at most 10 MB.");
        }
        Err(_) => {
            return problem(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The body did not arrive in time. Send it again.",
            );
        }
    };
    let mut headers = pass_on(&parts.headers);
    headers.remove(header::CONTENT_LENGTH);
    if is_multipart(&parts.headers) {
        // LocalStack takes it apart and fails at one without a boundary. To an operation it is a body that is not JSON, or none that it looks at: mail
        // programs unsubscribe with one (RFC 8058, 3.2).
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    if target.starts_with("/v1/playback/sessions/") && matches!(parts.method, Method::GET | Method::HEAD) {
        // LocalStack decodes a binary answer only for a type that is named in its API, and loses a compressed one.
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/vnd.apple.mpegurl"));
        headers.remove(header::ACCEPT_ENCODING);
    }
    headers.insert("x-origin-verify", origins.origin_verify.clone());
    headers.insert("cloudfront-viewer-country", origins.territory.clone());
    headers.extend(viewer_address(client));
    let is_encoded = parts.headers.contains_key(header::CONTENT_ENCODING);
    let call = origins.client.request(parts.method, format!("{}{target}", origins.api_url)).headers(headers).body(body);
    match call.send().await {
        Ok(response) => answer(response, is_encoded).await,
        Err(error) => {
            eprintln!("the API does not answer: {error}");
            problem(StatusCode::BAD_GATEWAY, "api_unreachable", "The API does not answer. Try again in a few seconds.")
        }
    }
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    kinds.any(|kind| kind.as_bytes().trim_ascii_start().to_ascii_lowercase().starts_with(b"multipart/"))
}

/// 405 with `Allow`, whatever else the request says; a path that the gateway does not know is its to refuse.
fn wrong_method(origins: &Origins, method: &Method, path: &str) -> Option<Response> {
    let methods = origins.methods_of(path)?;
    if methods.iter().any(|known| known == method.as_str()) {
        return None;
    }
    let detail = "This address does not know this method; see the Allow header.";
    let mut refusal = problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        refusal.headers_mut().insert(header::ALLOW, allow);
    }
    Some(refusal)
}

/// What the gateway or a failed function says by itself is no problem document.
fn of_the_gateway(status: StatusCode, body: &[u8], is_encoded: bool) -> Response {
    let is_unknown_route = body.windows(28).any(|text| text == b"Missing Authentication Token");
    match status {
        // AWS says it with 403, emulators with either.
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND if is_unknown_route => problem(
            StatusCode::NOT_FOUND,
            "route_not_found",
            "There is nothing at this address. Check how it is written.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            problem(status, "payload_too_large", "The body is too large. Send a shorter one.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => problem(
            status,
            "unsupported_media_type",
            "The body must be JSON. Send it with Content-Type: application/json.",
        ),
        StatusCode::TOO_MANY_REQUESTS => problem(status, "rate_limited", "Too many requests. Try again in a moment."),
        StatusCode::GATEWAY_TIMEOUT => {
            problem(status, "timeout", "The operation took too long. Try again in a moment.")
        }
        // A function that fails is 502: with 500 the gateway says that it could not unpack the body.
        StatusCode::INTERNAL_SERVER_ERROR if is_encoded => problem(
            StatusCode::BAD_REQUEST,
            "unreadable_body",
            "The body is not what Content-Encoding says. Send it as it is, or as gzip.",
        ),
        _ if status.is_server_error() => problem(
            StatusCode::BAD_GATEWAY,
            "function_failed",
            "Something went wrong on our side. Try again in a moment.",
        ),
        _ => problem(status, "request_refused", "The request cannot be processed. Check it against the documentation."),
    }
}

fn pass_on(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    for name in OWN_HEADERS {
        headers.remove(name);
    }
    headers
}

fn viewer_address(ConnectInfo(address): ConnectInfo<SocketAddr>) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_str(&format!("{}:{}", address.ip(), address.port())).ok()?;
    Some((HeaderName::from_static("cloudfront-viewer-address"), value))
}

async fn answer(response: reqwest::Response, is_encoded: bool) -> Response {
    let status = response.status();
    let headers = pass_on(response.headers());
    let body = response.bytes().await.unwrap_or_default();
    let is_problem =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem"));
    if (status.is_client_error() || status.is_server_error()) && !is_problem {
        return of_the_gateway(status, &body, is_encoded);
    }
    let mut answer = (status, Body::from(body)).into_response();
    for (name, value) in &headers {
        if *name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name, value.clone());
        }
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        answer.headers_mut().remove(header::CONTENT_TYPE);
    }
    answer
}
