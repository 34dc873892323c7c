//! `/v1/*` → API Gateway.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{origins::Origins, problem::problem};

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
    let Ok(body) = to_bytes(body, LIMIT_BYTES).await else {
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body may have at most 10 MB.");
    };
    let mut headers = pass_on(&parts.headers);
    headers.remove(header::CONTENT_LENGTH);
    if target.starts_with("/v1/playback/sessions/") && parts.method == Method::GET {
        // LocalStack decodes a binary answer only for a type that is named in its API, and loses a compressed one.
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/vnd.apple.mpegurl"));
        headers.remove(header::ACCEPT_ENCODING);
    }
    headers.insert("x-origin-verify", origins.origin_verify.clone());
    headers.insert("cloudfront-viewer-country", origins.territory.clone());
    headers.extend(viewer_address(client));
    let call = origins.client.request(parts.method, format!("{}{target}", origins.api_url)).headers(headers).body(body);
    match call.send().await {
        Ok(response) => answer(response).await,
        Err(error) => {
            eprintln!("the API does not answer: {error}");
            problem(StatusCode::BAD_GATEWAY, "api_unreachable", "The API does not answer.")
        }
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

async fn answer(response: reqwest::Response) -> Response {
    let status = response.status();
    let headers = pass_on(response.headers());
    let body = response.bytes().await.unwrap_or_default();
    // What the gateway refuses by itself is no problem document.
    let is_json =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem"));
    // AWS says it with 403, emulators with either.
    let is_refusal = matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
    if is_refusal && !is_json && body.windows(28).any(|text| text == b"Missing Authentication Token") {
        return problem(StatusCode::NOT_FOUND, "route_not_found", "There is nothing at this address.");
    }
    if status == StatusCode::BAD_GATEWAY && !is_json {
        return problem(status, "function_failed", "The function did not give an answer.");
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
