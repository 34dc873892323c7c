//! `/media/*` → the media bucket, by range, behind signed URLs, except for the keys that the plan calls public.

use std::sync::Arc;

use anyhow::{Context, Result};
use aws_sdk_s3::error::SdkError;
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::stream;
use kernel::World;
use playback::signed_url::PublicKey;

use crate::{origins::Origins, problem::problem};

async fn public_key(origins: &Origins) -> Result<&PublicKey> {
    let read = || async {
        let secret = origins.secrets.get_secret_value().secret_id("url-signing-key").send().await?;
        let pkcs8 = BASE64_STANDARD.decode(secret.secret_string().unwrap_or_default())?;
        PublicKey::from_pkcs8(&pkcs8).context("the secret url-signing-key holds no P-256 key")
    };
    origins.media_key.get_or_try_init(read).await
}

pub(crate) async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "range"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

pub(crate) async fn object(
    State(origins): State<Arc<Origins>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !origins.public.iter().any(|keys| keys.matches(&key)) {
        let key_of_signatures = match public_key(&origins).await {
            Ok(key) => key,
            Err(error) => {
                eprintln!("signatures cannot be checked: {error:#}");
                return problem(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "keys_unavailable",
                    "Signatures cannot be checked just now. Try again in a few seconds.",
                );
            }
        };
        let url = format!("{}/media/{key}", origins.public_url);
        let now = World::system().now();
        if let Err(refused) = key_of_signatures.verify(&url, query.as_deref().unwrap_or_default(), now) {
            return problem(
                StatusCode::FORBIDDEN,
                "signature_required",
                &format!("This address opens nothing: {refused}. Ask for a new playlist."),
            );
        }
    }
    fetch(&origins, &key, &headers).await
}

/// Whether the range still belongs to the object that the client has a part of (`If-Range`, RFC 9110, 13.1.5).
async fn range_holds(origins: &Origins, key: &str, if_range: Option<&str>) -> bool {
    let Some(tag) = if_range else { return true };
    let head = origins.s3.head_object().bucket("media").key(key).send().await;
    head.is_ok_and(|head| head.e_tag() == Some(tag))
}

/// With the object's own tag: what the client sent may be a list, weak, or `*` (RFC 9110, 15.4.5).
async fn not_modified(origins: &Origins, key: &str) -> Response {
    let mut answer = StatusCode::NOT_MODIFIED.into_response();
    let head = origins.s3.head_object().bucket("media").key(key).send().await;
    if let Some(tag) = head.ok().and_then(|head| HeaderValue::from_str(head.e_tag()?).ok()) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

async fn fetch(origins: &Origins, key: &str, headers: &HeaderMap) -> Response {
    let sent = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let range = sent(header::RANGE);
    let range = if range_holds(origins, key, sent(header::IF_RANGE)).await { range } else { None };
    let request = origins.s3.get_object().bucket("media").key(key).set_range(range.map(str::to_owned));
    let request = request.set_if_none_match(sent(header::IF_NONE_MATCH).map(str::to_owned));
    let object = match request.send().await {
        Ok(object) => object,
        Err(SdkError::ServiceError(error)) => {
            return match error.raw().status().as_u16() {
                304 => not_modified(origins, key).await,
                404 => problem(StatusCode::NOT_FOUND, "not_found", "There is no such object."),
                416 => problem(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "range_not_satisfiable",
                    "The object is shorter than this range. Ask for a part of it.",
                ),
                status => {
                    eprintln!("{key}: the media store answered {status}");
                    problem(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "storage_unavailable",
                        "The media store cannot answer just now. Try again in a few seconds.",
                    )
                }
            };
        }
        Err(error) => {
            eprintln!("{key}: {error:?}");
            return problem(
                StatusCode::BAD_GATEWAY,
                "storage_unreachable",
                "The media store does not answer. Try again in a few seconds.",
            );
        }
    };
    let status = if object.content_range().is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut headers = HeaderMap::new();
    let mut set = |name, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, object.content_type().map(str::to_owned));
    set(header::CONTENT_LENGTH, object.content_length().map(|length| length.to_string()));
    set(header::CONTENT_RANGE, object.content_range().map(str::to_owned));
    set(header::ETAG, object.e_tag().map(str::to_owned));
    set(header::CACHE_CONTROL, object.cache_control().map(str::to_owned));
    set(header::ACCEPT_RANGES, Some("bytes".to_owned()));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, Some("*".to_owned()));
    let body = stream::unfold(object.body, |mut body| async move {
        let chunk = body.next().await?;
        Some((chunk, body))
    });
    (status, headers, Body::from_stream(body)).into_response()
}
