//! Problem documents (RFC 9457). What the client sees and what the log gets are different fields.

use std::{collections::BTreeMap, fmt};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stores::StoreError;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{Components, ContentBuilder, Ref, RefOr, ResponseBuilder},
};

use crate::NeededProof;

/// One thing that is wrong with the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the name of a parameter.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

/// The document itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Identifies the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "https://cinema.example/problems/not_found")]
    kind: String,
    /// The same for every problem of the kind.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened and what to do.
    detail: String,
    /// Stable, for programs.
    code: String,
    /// For support.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Every part of the request that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// With `step_up_required`: what the caller has to prove first.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<NeededProof>,
    /// Further members of this kind of problem.
    #[serde(flatten)]
    extra: serde_json::Map<String, serde_json::Value>,
}

/// A refusal with the reason for the client and, apart from it, the reason for the log.
pub struct Problem {
    status: StatusCode,
    document: Box<ProblemDocument>,
    headers: Vec<(HeaderName, HeaderValue)>,
    internal: Option<String>,
}

impl Problem {
    /// A problem of the kind `code` (snake_case) with a sentence for a person.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let mut letters = code.chars().map(|letter| if letter == '_' { ' ' } else { letter });
        let title = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        Self {
            status,
            document: Box::new(ProblemDocument {
                kind: format!("https://cinema.example/problems/{code}"),
                title,
                status: status.as_u16(),
                detail: detail.into(),
                code: code.to_owned(),
                request_id: None,
                errors: Vec::new(),
                proof: None,
                extra: serde_json::Map::new(),
            }),
            headers: Vec::new(),
            internal: None,
        }
    }

    /// 404: there is none, or the caller may not know of it.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    /// 400: cannot be read at all.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 422: can be read, but is wrong at `pointer`; the empty one is the whole body (RFC 6901).
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            format!("The request is wrong{place}: {detail}."),
        )
        .at(pointer, detail)
    }

    /// 409: does not fit the present state.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 401 with the challenge of RFC 6750.
    pub fn unauthorized(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403: known, but not allowed.
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 503: an engine that the answer needs is down.
    pub fn unavailable(code: &str, internal: impl fmt::Display) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            code,
            "The service cannot answer just now. Try again in a few seconds.",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("2"))
        .because(internal)
    }

    /// 500: a bug.
    pub fn internal(internal: impl fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side. Try again in a moment.",
        )
        .because(internal)
    }

    /// Adds a part of the request that is wrong.
    #[must_use]
    pub fn at(mut self, pointer: &str, detail: impl Into<String>) -> Self {
        self.document.errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.into() });
        self
    }

    pub(crate) fn needing(mut self, proof: NeededProof) -> Self {
        self.document.proof = Some(proof);
        self
    }

    /// Adds a member of this kind of problem.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.document.extra.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What the log gets and the client does not.
    #[must_use]
    pub fn because(mut self, internal: impl fmt::Display) -> Self {
        self.internal = Some(internal.to_string());
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.document.code
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} ({:?})", self.status, self.document.code, self.document.detail, self.internal)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::unavailable("temporarily_unavailable", error)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // Our SQL or schema is wrong: no retry helps.
            sqlx::Error::Database(database) if !database.code().is_some_and(|code| passes(&code)) => {
                Self::internal(&error)
            }
            sqlx::Error::ColumnNotFound(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::internal(&error)
            }
            _ => Self::unavailable("temporarily_unavailable", &error),
        }
    }
}

/// Whether a SQLSTATE tells of something that passes without us: a connection that broke, a password that was rotated, a conflict, a
/// server that is full, fails over, starts or stops. [Appendix A of the manual](https://www.postgresql.org/docs/16/errcodes-appendix.html).
fn passes(state: &str) -> bool {
    const CLASSES: [&str; 6] = ["08", "28", "40", "53", "57", "58"];
    // Read-only after a failover, two time-outs of idle transactions, a lock that was not had in time.
    const STATES: [&str; 4] = ["25006", "25P03", "25P04", "55P03"];
    state.get(..2).is_some_and(|class| CLASSES.contains(&class)) || STATES.contains(&state)
}

tokio::task_local! {
    /// The id of the request being answered.
    pub(crate) static REQUEST_ID: String;
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        if let Some(internal) = &self.internal {
            let (status, code) = (self.status.as_u16(), &self.document.code);
            if self.status.is_server_error() {
                tracing::error!(status, code, internal, "request failed");
            } else {
                tracing::info!(status, code, internal, "request refused");
            }
        }
        self.document.request_id = REQUEST_ID.try_with(Clone::clone).ok();
        let body = serde_json::to_vec(&self.document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

/// The name of the response that every operation refers to.
const RESPONSE: &str = "Problem";

impl Problem {
    /// What documents say of problems, once for all operations of a document.
    pub fn describe(components: &mut Components) {
        components.schemas.insert(ProblemDocument::name().into_owned(), ProblemDocument::schema());
        components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
        components.schemas.insert(NeededProof::name().into_owned(), NeededProof::schema());
        let document = Ref::from_schema_name(ProblemDocument::name());
        let response = ResponseBuilder::new()
            .description("A problem document (RFC 9457)")
            .content("application/problem+json", ContentBuilder::new().schema(Some(document)).build());
        components.responses.insert(RESPONSE.to_owned(), response.build().into());
    }

    /// What an operation's document says of a status that is a problem.
    pub fn response(description: &str) -> RefOr<utoipa::openapi::Response> {
        let mut response = Ref::from_response_name(RESPONSE);
        response.description = description.to_owned();
        RefOr::Ref(response)
    }
}

/// Whatever an operation refuses is a problem document. 500 is not among them: it is a bug.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let refused = Self::response("Refused; `code` tells why.");
        let unavailable = Self::response("An engine does not answer: try again after `Retry-After`.");
        BTreeMap::from([("4XX".to_owned(), refused), ("503".to_owned(), unavailable)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_names_the_place_if_there_is_one() {
        let detail = |pointer| Problem::invalid(pointer, "must not be empty").document.detail;
        assert_eq!(detail("/name"), "The request is wrong at /name: must not be empty.");
        assert_eq!(detail(""), "The request is wrong: must not be empty.");
    }

    #[test]
    fn what_passes_is_told_from_what_is_wrong() {
        for passing in
            ["08006", "25006", "28P01", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030"]
        {
            assert!(passes(passing), "{passing}");
        }
        for wrong in ["22P02", "23505", "25001", "42P01", "42501", "", "2", "é0000"] {
            assert!(!passes(wrong), "{wrong}");
        }
    }
}
