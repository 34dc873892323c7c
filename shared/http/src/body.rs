//! Extractors whose refusals are problem documents.

use std::{fmt, marker::PhantomData};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::Problem;

const MIB: usize = 1 << 20;

/// A JSON object of at most `LIMIT` bytes after decompression, or a JSON answer.
pub struct Json<T, const LIMIT: usize = MIB>(pub T);

impl<T: DeserializeOwned, S: Send + Sync, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_media_type(request.headers())?;
        parse(&read(request.into_body(), LIMIT).await?).map(Self)
    }
}

/// No body is `None`, whatever its media type.
impl<T: DeserializeOwned, S: Send + Sync, const LIMIT: usize> OptionalFromRequest<S> for Json<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
        let (parts, body) = request.into_parts();
        let body = read(body, LIMIT).await?;
        if body.is_empty() {
            return Ok(None);
        }
        check_media_type(&parts.headers)?;
        parse(&body).map(|value| Some(Self(value)))
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence =
        content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "The body must be JSON. Send it with Content-Type: application/json.",
    ))
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            format!("The body may have at most {limit} bytes."),
        )),
        Err(error) => {
            Err(Problem::bad_request("unreadable_body", "The body cannot be read. Send it again.").because(error))
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // RFC 8259, 8.1: a parser may ignore a byte order mark. Some editors and clients write one.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Object(value) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        // serde_json calls a number where a word belongs a fault of syntax.
        if inner.classify() == serde_json::error::Category::Data || is_json(body) {
            Problem::invalid(&pointer, without_position(&inner))
        } else {
            malformed(&inner)
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// A value that is written as an object. Derived code alone would also read its members from an array, in order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

fn malformed(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    Problem::bad_request("malformed_json", format!("The body is not valid JSON. Correct it at {place}."))
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

impl<T: Serialize, const LIMIT: usize> IntoResponse for Json<T, LIMIT> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let mut response = body.into_response();
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Path variables; an id of another form is an unknown thing: 404.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::not_found("resource").because(error)),
        }
    }
}

/// Query parameters; an unknown or wrong one is 422.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads query parameters; an unknown or wrong one is 422.
pub(crate) fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let name = error.path().to_string();
        Problem::invalid(if name == "." { "query" } else { &name }, error.into_inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patch;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Changes {
        #[serde(default)]
        name: Patch<String>,
        #[serde(default)]
        age: Patch<u8>,
    }

    fn read(body: &str) -> Result<Changes, (u16, String)> {
        parse(body.as_bytes()).map_err(|problem| (problem.status().as_u16(), format!("{problem:?}")))
    }

    #[test]
    fn only_an_object_with_known_members_is_a_body() {
        assert_eq!(read(r#"{"age": 7}"#), Ok(Changes { name: Patch::Absent, age: Patch::Set(7) }));
        assert_eq!(read("\u{feff}{}"), Ok(Changes { name: Patch::Absent, age: Patch::Absent }));
        for wrong in ["[]", r#"["Anna", 7]"#, "null", r#""name""#, r#"{"nam": "x"}"#, r#"{"age": -1}"#, "7"] {
            assert_eq!(read(wrong).unwrap_err().0, 422, "{wrong}");
        }
        for unreadable in ["", "{", "{} {}", "{\"age\": 7,}"] {
            assert_eq!(read(unreadable).unwrap_err().0, 400, "{unreadable}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_where_it_is() {
        let (_, text) = read(r#"{"age": "x"}"#).unwrap_err();
        assert!(text.contains("/age: "), "{text}");
    }
}
