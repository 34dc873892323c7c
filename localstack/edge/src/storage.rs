//! `/storage/{bucket}/{key}` → what presigned links lead to: an export is read, a part of an upload or the file of an import is sent.
//!
//! AWS's S3 has a public address of its own. An emulator's is known on its machine only, so functions sign links for this one instead, and the
//! edge looks at the signature as S3 would.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::{
    Client,
    config::{Builder, Credentials},
    presigning::PresigningConfig,
    primitives::{DateTime, DateTimeFormat},
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use engines::aws;
use kernel::World;

use crate::{origins::Origins, problem::problem};

/// How long S3 may take to begin with what the edge passes on.
const OWN_LIFETIME: Duration = Duration::from_secs(300);
/// Clocks differ.
const SKEW: Duration = Duration::from_secs(300);
/// What S3 needs to know of a request, and a client of an answer.
const ASKED: [header::HeaderName; 4] =
    [header::RANGE, header::IF_NONE_MATCH, header::CONTENT_LENGTH, header::CONTENT_TYPE];
const ANSWERED: [header::HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::ETAG,
    header::LAST_MODIFIED,
];

/// What a link is for.
enum Target {
    Export {
        key: String,
    },
    Part {
        key: String,
        upload: String,
        number: i32,
    },
    /// As many bytes as the link was signed for.
    Import {
        key: String,
        size: i64,
    },
}

/// The parameters of a query.
struct Query(Vec<(String, String)>);

impl Query {
    /// `address` may be relative.
    fn of(address: &str) -> Self {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).ok();
        let mut pairs: Vec<_> = url.iter().flat_map(|url| url.query_pairs()).collect();
        pairs.sort_unstable();
        Self(pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Target {
    fn of(method: &Method, bucket: &str, key: String, query: &Query, size: Option<i64>) -> Option<Self> {
        match (method, bucket) {
            (&Method::GET, "exports") => Some(Self::Export { key }),
            (&Method::PUT, "uploads") => {
                let number = query.get("partNumber")?.parse().ok()?;
                Some(Self::Part { key, upload: query.get("uploadId")?.to_owned(), number })
            }
            (&Method::PUT, "imports") => Some(Self::Import { key, size: size? }),
            _ => None,
        }
    }

    /// The address at which `client` reaches it.
    async fn presigned(&self, client: &Client, config: PresigningConfig) -> Option<String> {
        let signed = match self {
            Self::Export { key } => client.get_object().bucket("exports").key(key).presigned(config).await.ok()?,
            Self::Part { key, upload, number } => {
                let part = client.upload_part().bucket("uploads").key(key).upload_id(upload).part_number(*number);
                part.presigned(config).await.ok()?
            }
            Self::Import { key, size } => {
                let put = client.put_object().bucket("imports").key(key).content_length(*size);
                put.presigned(config).await.ok()?
            }
        };
        Some(signed.uri().to_owned())
    }
}

/// `20260101T120000Z`
fn moment(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if (date.len(), time.len()) != (8, 6) {
        return None;
    }
    let (year, month, day) = (date.get(0..4)?, date.get(4..6)?, date.get(6..8)?);
    let (hour, minute, second) = (time.get(0..2)?, time.get(2..4)?, time.get(4..6)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    DateTime::from_str(&text, DateTimeFormat::DateTime).ok()?.try_into().ok()
}

/// What functions sign with.
#[derive(Clone, Copy)]
struct Ours<'a> {
    public_url: &'a str,
    /// By which functions know the edge.
    secret: &'a str,
}

/// Why a link does not open its target.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    Unsigned,
    Expired,
}

/// Whether a function signed this link for the public address, for this target, and its time is not over: signed again, it is the same.
async fn check(target: &Target, query: &Query, ours: Ours<'_>, now: SystemTime) -> Result<(), Refused> {
    let parameter = |name| query.get(name).ok_or(Refused::Unsigned);
    let signed_at = moment(parameter("X-Amz-Date")?).ok_or(Refused::Unsigned)?;
    let lifetime = parameter("X-Amz-Expires")?.parse().map(Duration::from_secs).map_err(|_| Refused::Unsigned)?;
    let config = PresigningConfig::builder().start_time(signed_at).expires_in(lifetime).build();
    let config = config.map_err(|_| Refused::Unsigned)?;
    let credentials = Credentials::new("edge", ours.secret, None, None, "edge");
    let client = Builder::from(&aws::config(&storage(ours.public_url)))
        .credentials_provider(credentials)
        .force_path_style(true)
        .build();
    let again = target.presigned(&Client::from_conf(client), config).await.ok_or(Refused::Unsigned)?;
    if Query::of(&again).0 != query.0 {
        return Err(Refused::Unsigned);
    }
    if now + SKEW < signed_at || now >= signed_at + lifetime { Err(Refused::Expired) } else { Ok(()) }
}

/// Where functions send clients; the bucket follows.
fn storage(public_url: &str) -> String {
    format!("{public_url}/storage/")
}

pub(crate) async fn object(
    State(origins): State<Arc<Origins>>,
    Path((bucket, key)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let query = Query::of(&format!("?{}", query.unwrap_or_default()));
    let size = headers.get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
    let Some(target) = Target::of(&method, &bucket, key, &query, size) else {
        return problem(
            StatusCode::NOT_FOUND,
            "route_not_found",
            "There is nothing at this address. Check how it is written.",
        );
    };
    let ours = Ours { public_url: &origins.public_url, secret: origins.origin_verify.to_str().unwrap_or_default() };
    match check(&target, &query, ours, World::system().now().into()).await {
        Ok(()) => pass(&origins, &target, method, &headers, body).await,
        Err(Refused::Expired) => {
            problem(StatusCode::FORBIDDEN, "link_expired", "This link has expired. Ask for a new one.")
        }
        Err(Refused::Unsigned) => {
            problem(StatusCode::FORBIDDEN, "signature_required", "Nobody was given this link. Ask for a new one.")
        }
    }
}

async fn pass(origins: &Origins, target: &Target, method: Method, headers: &HeaderMap, body: Body) -> Response {
    let unavailable = || {
        let detail = "The store cannot answer just now. Try again in a few seconds.";
        problem(StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable", detail)
    };
    let Ok(config) = PresigningConfig::expires_in(OWN_LIFETIME) else { return unavailable() };
    let Some(address) = target.presigned(&origins.s3, config).await else { return unavailable() };
    let mut call = origins.client.request(method.clone(), address);
    for name in ASKED {
        if let Some(value) = headers.get(&name) {
            call = call.header(name, value);
        }
    }
    if method == Method::PUT {
        call = call.body(reqwest::Body::wrap_stream(body.into_data_stream()));
    }
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => {
            eprintln!("the store does not answer: {}", error.without_url());
            return unavailable();
        }
    };
    let status = answer.status();
    match status.as_u16() {
        200..=299 | 304 => {}
        404 => {
            return problem(
                status,
                "not_found",
                "There is no such object, or its upload has ended. Ask for a new link.",
            );
        }
        416 => {
            return problem(
                status,
                "range_not_satisfiable",
                "The object is shorter than this range. Ask for a part of it.",
            );
        }
        400..=499 => {
            return problem(status, "storage_refused", "The store does not take this request. Ask for a new link.");
        }
        _ => return unavailable(),
    }
    let mut passed = HeaderMap::new();
    for name in ANSWERED {
        if let Some(value) = answer.headers().get(&name) {
            passed.insert(name, value.clone());
        }
    }
    passed.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, no-store"));
    (status, passed, Body::from_stream(answer.bytes_stream())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC_URL: &str = "http://localhost:8080";

    const OURS: Ours<'_> = Ours { public_url: PUBLIC_URL, secret: "origin secret" };

    /// A link as a function makes it.
    async fn link(target: &Target, signed_at: SystemTime, secret: &str, base: &str) -> Query {
        let credentials = Credentials::new("edge", secret, None, None, "function");
        let config = Builder::from(&aws::config(base)).credentials_provider(credentials).force_path_style(true).build();
        let presigning = PresigningConfig::builder().start_time(signed_at).expires_in(Duration::from_secs(900));
        let address = target.presigned(&Client::from_conf(config), presigning.build().unwrap()).await.unwrap();
        assert!(address.starts_with(base) && !address.contains("storage//"), "{address}");
        Query::of(&address)
    }

    fn export() -> Target {
        Target::Export { key: "exp_1/export.zip".into() }
    }

    fn now() -> SystemTime {
        moment("20260101T120000Z").unwrap()
    }

    #[tokio::test]
    async fn a_link_opens_what_it_was_signed_for_until_its_time_is_over() {
        let part = || Target::Part { key: "sources/a b.mp4".into(), upload: "u+/=".into(), number: 3 };
        let import = || Target::Import { key: "files/him_1".into(), size: 7 };
        for target in [export(), part(), import()] {
            let query = link(&target, now(), OURS.secret, &storage(PUBLIC_URL)).await;
            let at = async |seconds| check(&target, &query, OURS, now() + Duration::from_secs(seconds)).await;
            assert_eq!((at(0).await, at(899).await), (Ok(()), Ok(())));
            assert_eq!(at(900).await, Err(Refused::Expired));
            assert_eq!(check(&target, &query, OURS, now() - Duration::from_secs(3600)).await, Err(Refused::Expired));
        }
    }

    #[tokio::test]
    async fn nothing_else_opens_anything() {
        let base = storage(PUBLIC_URL);
        let query = link(&export(), now(), OURS.secret, &base).await;
        let other = Target::Export { key: "exp_2/export.zip".into() };
        let refused =
            async |target: &Target, query: &Query| check(target, query, OURS, now()).await == Err(Refused::Unsigned);
        assert!(refused(&other, &query).await);
        assert!(refused(&export(), &link(&export(), now(), "another", &base).await).await);
        assert!(refused(&export(), &link(&export(), now(), OURS.secret, "http://127.0.0.1:4566/").await).await);
        assert!(refused(&export(), &Query(Vec::new())).await);
        let file = |size| Target::Import { key: "files/him_1".into(), size };
        let query = link(&file(7), now(), OURS.secret, &base).await;
        assert!(!refused(&file(7), &query).await && refused(&file(8), &query).await);
        let query = link(&export(), now(), OURS.secret, &base).await;
        for (name, value) in
            [("X-Amz-Expires", "604800"), ("X-Amz-Date", "20260101T120001Z"), ("X-Amz-Signature", "00"), ("x-id", "x")]
        {
            let changed = query
                .0
                .iter()
                .map(|(found, old)| (found.clone(), if found == name { value.to_owned() } else { old.clone() }));
            assert!(refused(&export(), &Query(changed.collect())).await, "{name}");
        }
        for (method, bucket) in [
            ("GET", "uploads"),
            ("GET", "media"),
            ("PUT", "exports"),
            ("DELETE", "exports"),
            ("GET", "events-dead"),
            ("GET", "imports"),
        ] {
            let target = Target::of(&method.parse().unwrap(), bucket, "x".into(), &query, Some(1));
            assert!(target.is_none(), "{method} {bucket}");
        }
        // Nobody knows how much would come.
        assert!(Target::of(&Method::PUT, "imports", "x".into(), &query, None).is_none());
    }

    #[test]
    fn a_date_is_a_date() {
        for text in ["", "T", "2026", "20260101T1200000", "20261301T120000Z", "2026é101T120000Z", "20260101T120000Z "]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
