//! How a refresh token travels: in the body, or for browsers in a cookie that no script can read.

use axum::{body::Body, extract::FromRequest, extract::Request};
use cinema_http::{HeaderMap, IntoResponse, Json, Problem, Response, StatusCode, header};
use http_body_util::BodyExt;
use runtime::{Boot, BootError, PublicUrl, Wire};
use serde::de::DeserializeOwned;

use crate::{
    host_cookie::HostCookie,
    session::{self, RefreshToken},
    token::Token,
    transport::Transport,
};

/// The refresh token.
pub const REFRESH: HostCookie = HostCookie::strict("__Host-refresh", session::IDLE);
const MAX_BODY_BYTES: usize = 1 << 20;

/// The origin whose pages may use the cookie.
#[derive(Debug, Clone)]
pub struct Site(String);

impl Wire for Site {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::of(PublicUrl::wire(boot)?.as_str()))
    }
}

impl Site {
    /// The origin of a URL: scheme, host and port.
    pub fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let host = rest.split('/').next().unwrap_or_default();
        Self(format!("{scheme}://{host}").to_ascii_lowercase())
    }

    /// 403 unless a page of this site makes the request. Browsers send `Origin` with every POST and pages cannot change it.
    pub fn require(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if origin.eq_ignore_ascii_case(&self.0) {
            return Ok(());
        }
        Err(Problem::forbidden(
            "origin_not_allowed",
            "Only pages of this site may use the refresh cookie. Send the token in the body instead.",
        ))
    }
}

/// The answer with the refresh token where the client wants it.
pub(crate) fn answer(transport: Transport, mut token: Token, refresh: &RefreshToken) -> Result<Response, Problem> {
    match transport {
        Transport::Body => {
            token.refresh_token = Some(refresh.reveal());
            Ok(Json::<_>(token).into_response())
        }
        Transport::Cookie => {
            let cookie = REFRESH.set(&refresh.reveal()).map_err(Problem::internal)?;
            Ok(([(header::SET_COOKIE, cookie)], Json::<_>(token)).into_response())
        }
    }
}

/// 204; a cookie is cleared.
pub fn signed_out(headers: &HeaderMap) -> Result<Response, Problem> {
    match REFRESH.read(headers) {
        Some(_) => {
            let forget = REFRESH.forget().map_err(Problem::internal)?;
            Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, forget)]).into_response())
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// A JSON body that may be absent, as a browser sends it whose token is in the cookie.
pub async fn optional_json<T: DeserializeOwned + Default>(request: Request) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    let limited = http_body_util::Limited::new(body, MAX_BODY_BYTES).collect().await;
    let bytes = limited
        .map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "The body is too large. Send at most 1 MiB.",
            )
        })?
        .to_bytes();
    if bytes.is_empty() {
        return Ok(T::default());
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    Json::<T>::from_request(request, &()).await.map(|Json(value)| value)
}

#[cfg(test)]
mod tests {
    use cinema_http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_pages_of_the_site_may_use_the_cookie() {
        let site = Site::of("https://Cinema.example:8443/app/");
        assert!(site.require(&headers(header::ORIGIN, "https://cinema.example:8443")).is_ok());
        for foreign in ["https://cinema.example", "http://cinema.example:8443", "https://evil.example", "null", ""] {
            assert!(site.require(&headers(header::ORIGIN, foreign)).is_err(), "{foreign}");
        }
        assert!(site.require(&HeaderMap::new()).is_err());
    }
}
