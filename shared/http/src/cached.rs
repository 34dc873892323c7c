//! Strong ETags: `If-None-Match` on reads, `If-Match` on writes of shared things.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::sha256;
use serde::Serialize;

use crate::Problem;

/// A JSON answer that may be kept. Shared caches keep only what was made for anonymous callers.
pub struct Cached<T> {
    body: T,
    public: bool,
    max_age: Duration,
    if_none_match: Option<HeaderValue>,
}

impl<T: Serialize> Cached<T> {
    /// For shared caches.
    pub fn public(body: T, max_age: Duration, request: &HeaderMap) -> Self {
        Self { body, public: true, max_age, if_none_match: request.get(header::IF_NONE_MATCH).cloned() }
    }

    /// For the caller's own cache, revalidated each time.
    pub fn private(body: T, request: &HeaderMap) -> Self {
        Self {
            body,
            public: false,
            max_age: Duration::ZERO,
            if_none_match: request.get(header::IF_NONE_MATCH).cloned(),
        }
    }
}

/// A strong ETag of some bytes.
pub fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&sha256(bytes)[..15]))
}

/// The weak comparison of RFC 9110, 8.8.3.2, for `If-None-Match`.
fn matches_weakly(header: &HeaderValue, tag: &str) -> bool {
    let header = header.to_str().unwrap_or_default();
    header.split(',').map(str::trim).any(|candidate| candidate == "*" || candidate.trim_start_matches("W/") == tag)
}

/// The strong comparison of RFC 9110, 8.8.3.2, for `If-Match`: a weak tag never fits.
fn matches_strongly(header: &HeaderValue, tag: &str) -> bool {
    let header = header.to_str().unwrap_or_default();
    header.split(',').map(str::trim).any(|candidate| candidate == "*" || candidate == tag)
}

impl<T: Serialize> IntoResponse for Cached<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.body) {
            Ok(body) => body,
            Err(error) => return Problem::internal(error).into_response(),
        };
        let tag = etag(&body);
        let mut response = if self.if_none_match.is_some_and(|header| matches_weakly(&header, &tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = body.into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        };
        let cache = if self.public {
            format!("public, max-age={}", self.max_age.as_secs())
        } else {
            "private, no-cache".to_owned()
        };
        let headers = response.headers_mut();
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Authorization, Accept-Language, CloudFront-Viewer-Country"),
        );
        for (name, value) in [(header::ETAG, tag), (header::CACHE_CONTROL, cache)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// `If-Match`: the version that the caller has seen.
pub struct IfMatch(Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(header::IF_MATCH).cloned()))
    }
}

impl IfMatch {
    /// Whether the caller sent one.
    pub fn is_present(&self) -> bool {
        self.0.is_some()
    }

    /// 412 unless the header is absent or names `tag`.
    pub fn check(&self, tag: &str) -> Result<(), Problem> {
        match &self.0 {
            Some(header) if !matches_strongly(header, tag) => Err(Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "It was changed in the meantime. Read it again and repeat your change.",
            )),
            _ => Ok(()),
        }
    }
}
