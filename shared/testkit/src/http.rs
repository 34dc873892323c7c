//! A service's router called in process.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use kernel::Territory;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    Token,
    contract::{self, Seen},
};

/// What the edge of a test proves itself with.
pub const ORIGIN_VERIFY: &str = "origin-secret-of-the-test";

/// A finished router.
#[derive(Clone)]
pub struct App {
    router: Router,
    is_documented: bool,
}

/// A request under construction.
pub struct Call {
    app: App,
    request: axum::http::request::Builder,
    body: Body,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

impl App {
    /// Routes of a test.
    pub fn new(router: Router) -> Self {
        Self { router, is_documented: false }
    }

    /// Routes of a service: an answer that `docs/api` does not describe fails the test.
    pub fn documented(router: Router) -> Self {
        Self { router, is_documented: true }
    }

    /// A request without body.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call { app: self.clone(), request: Request::builder().method(method).uri(path), body: Body::empty() }
    }

    /// GET
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// DELETE
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PATCH, path).json(body)
    }
}

impl Call {
    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header(header::CONTENT_TYPE.as_str(), "application/json").bytes(body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Signed in.
    #[must_use]
    pub fn token(self, token: &Token) -> Self {
        self.bearer(&token.sign())
    }

    /// With any bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// From another country than Germany.
    #[must_use]
    pub fn territory(self, territory: &Territory) -> Self {
        self.header("cloudfront-viewer-country", territory.as_str())
    }

    /// Sends it as the edge would, from Germany unless it says something else.
    ///
    /// # Panics
    /// When the service's document does not describe the answer.
    pub async fn send(mut self) -> Answer {
        for (name, value) in [("x-origin-verify", ORIGIN_VERIFY), ("cloudfront-viewer-country", "DE")] {
            if self.request.headers_ref().is_some_and(|headers| !headers.contains_key(name)) {
                self.request = self.request.header(name, value);
            }
        }
        let request = self.request.body(self.body).expect("a valid request");
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        // Boxed: the compiler limits how deep futures may lie in each other (128).
        let response = Box::pin(self.app.router.oneshot(request)).await.expect("routers do not fail");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a complete body").to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        // Only playlists are packed, of which documents tell the type alone.
        if self.app.is_documented && !answer.headers.contains_key(header::CONTENT_ENCODING) {
            answer.require_document(&method, &path);
        }
        answer
    }
}

impl Answer {
    fn require_document(&self, method: &Method, path: &str) {
        contract::require(&Seen {
            method: method.as_str(),
            path,
            status: self.status.as_u16(),
            content_type: self.header(header::CONTENT_TYPE.as_str()),
            body: &self.body,
        });
    }

    /// The body as JSON; `null` when empty.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON body of an answer with the expected status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }

    /// Checks that it is a problem document of this status and code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        problem
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
