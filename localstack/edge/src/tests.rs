//! The whole edge in front of a gateway that says whatever it likes.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header},
};
use playback::signed_url::PublicKey;
use proptest::prelude::*;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair},
};
use tower::ServiceExt;

use crate::{loopback, origins::Origins, server::router};

const PUBLIC_URL: &str = "http://localhost:8080";

/// What the gateway was asked, and what it says.
#[derive(Clone)]
struct Gateway {
    asked: Arc<Mutex<Vec<String>>>,
    kinds: Arc<Mutex<Vec<String>>>,
    says: (u16, &'static str, &'static str),
}

impl Gateway {
    async fn start(says: (u16, &'static str, &'static str)) -> (Self, String) {
        let gateway = Self { asked: Arc::default(), kinds: Arc::default(), says };
        let heard = gateway.clone();
        let answer = move |request: Request<Body>| async move {
            heard.asked.lock().unwrap().push(request.uri().to_string());
            let kinds = request.headers().get_all(header::CONTENT_TYPE);
            heard.kinds.lock().unwrap().extend(kinds.iter().map(|kind| kind.to_str().unwrap().to_owned()));
            let (status, kind, body) = heard.says;
            Response::builder().status(status).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/stage", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        (gateway, url)
    }
}

fn edge(api_url: String) -> Router {
    let config = engines::aws::config("http://127.0.0.1:1");
    let methods = [("/v1/titles", vec!["GET", "HEAD"]), ("/v1/titles/{id}", vec!["DELETE", "GET", "HEAD"])];
    let methods =
        methods.into_iter().map(|(path, methods)| (path.into(), methods.into_iter().map(Into::into).collect()));
    router(Arc::new(Origins {
        client: loopback::http_client().unwrap(),
        s3: engines::aws::s3(&config),
        api_url,
        aws_url: "http://127.0.0.1:1".into(),
        origin_verify: HeaderValue::from_static("secret"),
        territory: HeaderValue::from_static("DE"),
        public_url: PUBLIC_URL.into(),
        media_key: tokio::sync::OnceCell::new_with(Some(media_key())),
        secrets: aws_sdk_secretsmanager::Client::new(&config),
        web: PathBuf::from("/nonexistent"),
        public: Vec::new(),
        methods: methods.collect::<BTreeMap<_, _>>(),
    }))
}

/// Somebody's key: nobody here has a signature.
fn media_key() -> PublicKey {
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
    PublicKey::from_pkcs8(pair.as_ref()).unwrap()
}

async fn ask(edge: &Router, method: &str, target: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(target).header(header::HOST, "localhost:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 1))));
    let answer = edge.clone().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status, parts.headers, to_bytes(body, 1 << 20).await.unwrap().to_vec())
}

fn is_problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
        && document["status"] == status.as_u16()
        && document["code"].is_string()
        && document["detail"].is_string()
}

#[tokio::test]
async fn whatever_the_gateway_says_of_itself_leaves_as_a_problem_document() {
    for (status, kind, body, expected) in [
        (403, "application/json", r#"{"message": "Missing Authentication Token"}"#, (404, "route_not_found")),
        (404, "text/html", "<p>Missing Authentication Token</p>", (404, "route_not_found")),
        (500, "text/plain", "Traceback (most recent call last)", (502, "function_failed")),
        (502, "application/json", r#"{"message": "Internal server error"}"#, (502, "function_failed")),
        (504, "application/json", "{}", (504, "timeout")),
        (413, "text/html", "", (413, "payload_too_large")),
        (415, "", "", (415, "unsupported_media_type")),
        (429, "application/json", "{}", (429, "rate_limited")),
        (400, "application/json", r#"{"message": "could not decode"}"#, (400, "request_refused")),
    ] {
        let (_, url) = Gateway::start((status, kind, body)).await;
        let (answered, headers, document) = ask(&edge(url), "GET", "/v1/titles", &[]).await;
        assert!(is_problem(answered, &headers, &document), "{status}: {}", String::from_utf8_lossy(&document));
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!((answered.as_u16(), document["code"].as_str()), (expected.0, Some(expected.1)), "{status}");
    }
}

#[tokio::test]
async fn a_body_that_the_gateway_cannot_unpack_is_the_clients_fault() {
    let (_, url) = Gateway::start((500, "text/plain", "Not a gzipped file")).await;
    let (status, headers, body) = ask(&edge(url), "GET", "/v1/titles", &[("content-encoding", "gzip")]).await;
    assert!(status == StatusCode::BAD_REQUEST && is_problem(status, &headers, &body), "{status}");
}

#[tokio::test]
async fn a_form_of_many_parts_reaches_the_gateway_as_bytes() {
    let (gateway, url) = Gateway::start((200, "application/json", "{}")).await;
    let edge = edge(url);
    for kind in ["multipart/form-data", "Multipart/Form-Data; boundary=x", " multipart/mixed"] {
        let (status, ..) = ask(&edge, "GET", "/v1/titles", &[("content-type", kind)]).await;
        assert_eq!(status, StatusCode::OK, "{kind}");
    }
    assert_eq!(*gateway.kinds.lock().unwrap(), ["application/octet-stream"; 3]);
}

#[tokio::test]
async fn storage_opens_only_with_a_link() {
    let edge = edge("http://127.0.0.1:1".into());
    for (method, target, expected) in [
        ("GET", "/storage/exports/exp_1/export.zip", 403),
        ("GET", "/storage/exports/exp_1/export.zip?X-Amz-Signature=x", 403),
        ("PUT", "/storage/uploads/sources/x?partNumber=1&uploadId=x", 403),
        ("GET", "/storage/uploads/sources/x", 404),
        ("GET", "/storage/media/x", 404),
        ("GET", "/storage/exports/", 404),
        ("DELETE", "/storage/exports/exp_1/export.zip", 405),
        ("GET", "/storage/exports/%2e%2e/%2e%2e/health", 400),
    ] {
        let (status, headers, body) = ask(&edge, method, target, &[]).await;
        assert!(status == expected && is_problem(status, &headers, &body), "{method} {target}: {status}");
    }
}

#[tokio::test]
async fn what_an_operation_says_passes_and_without_a_gateway_it_is_told() {
    let (_, url) = Gateway::start((200, "application/json", r#"{"items": []}"#)).await;
    let (status, _, body) = ask(&edge(url), "GET", "/v1/titles", &[]).await;
    assert_eq!((status.as_u16(), body.as_slice()), (200, br#"{"items": []}"#.as_slice()));
    let (status, headers, body) = ask(&edge("http://127.0.0.1:1".into()), "GET", "/v1/titles", &[]).await;
    assert!(status == StatusCode::BAD_GATEWAY && is_problem(status, &headers, &body));
}

#[tokio::test]
async fn a_wrong_method_depends_on_nothing_in_the_request() {
    let (gateway, url) = Gateway::start((200, "application/json", "{}")).await;
    let edge = edge(url);
    for headers in [&[][..], &[("accept", "text/csv"), ("content-type", "text/csv")], &[("content-encoding", "br")]] {
        for method in ["POST", "PUT", "TRACE", "OPTIONS", "BREW"] {
            let (status, answer, body) = ask(&edge, method, "/v1/titles/ttl_1", headers).await;
            assert!(
                status == StatusCode::METHOD_NOT_ALLOWED && is_problem(status, &answer, &body),
                "{method} {status}"
            );
            assert_eq!(answer[header::ALLOW], "DELETE, GET, HEAD");
        }
    }
    assert!(gateway.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_name_a_long_address_and_long_headers_are_refused() {
    let (gateway, url) = Gateway::start((200, "application/json", "{}")).await;
    let edge = edge(url);
    let long = "a".repeat(11_000);
    let target = format!("/v1/titles?q={long}");
    for (status, code, target, header) in [
        (414, "uri_too_long", target.as_str(), ("x-nothing", "")),
        (431, "headers_too_large", "/v1/titles", ("x-long", long.as_str())),
    ] {
        let (found, _, body) = ask(&edge, "GET", target, &[header]).await;
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((found.as_u16(), problem["code"].as_str()), (status, Some(code)));
    }
    let request =
        Request::builder().uri("/mail").header(header::HOST, "evil.example:8080").body(Body::empty()).unwrap();
    assert_eq!(edge.clone().oneshot(request).await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(gateway.asked.lock().unwrap().is_empty());
}

/// A path of segments that try to climb, in whatever spelling.
fn paths() -> impl Strategy<Value = String> {
    let dot = prop_oneof![Just("."), Just("%2e"), Just("%2E"), Just("%252e"), Just("%25252E")];
    let dots = proptest::collection::vec(dot, 1..4).prop_map(|dots| dots.concat());
    let slash = prop_oneof![4 => Just("/"), 1 => Just("%2f"), 1 => Just("%5c"), 1 => Just("%252F"), 1 => Just("//")];
    let segment = prop_oneof![3 => dots, 2 => "[a-z0-9_]{1,6}", 1 => Just("titles".to_owned()), 1 => "%[0-9a-f]{2}"];
    proptest::collection::vec((slash, segment), 0..6)
        .prop_map(|parts| parts.into_iter().map(|(slash, segment)| format!("{slash}{segment}")).collect::<String>())
        .prop_flat_map(|rest| {
            prop_oneof![Just(format!("/v1{rest}")), Just(format!("/v1/titles{rest}")), Just(format!("/media{rest}"))]
        })
}

/// What a lenient server behind the gateway could make of a path: everything decoded until nothing changes, then resolved.
fn resolved(path: &str) -> Vec<String> {
    let mut text = path.to_owned();
    loop {
        let decoded = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    let mut place = Vec::new();
    for part in text.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(place.pop()),
            part => place.push(part.to_owned()),
        }
    }
    place
}

#[test]
fn nothing_leaves_its_prefix_and_every_answer_is_a_document() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let says = (403, "application/json", r#"{"message":"Missing Authentication Token"}"#);
    let (gateway, edge) = runtime.block_on(async {
        let (gateway, url) = Gateway::start(says).await;
        (gateway, edge(url))
    });
    let method = prop_oneof![4 => Just("GET"), 1 => Just("HEAD"), 1 => Just("POST"), 1 => Just("PROPFIND")];
    let accept = prop_oneof![Just("*/*"), Just("text/csv"), Just("application/json")];
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(path in paths(), method in method, accept in accept)| {
        let (status, headers, body) = runtime.block_on(ask(&edge, method, &path, &[("accept", accept)]));
        let said = format!("{method} {path}: {status} {}", String::from_utf8_lossy(&body));
        prop_assert!(method == "HEAD" && body.is_empty() || is_problem(status, &headers, &body), "{}", said);
        prop_assert!(status != StatusCode::METHOD_NOT_ALLOWED || headers.contains_key(header::ALLOW), "{}", said);
        for asked in gateway.asked.lock().unwrap().drain(..) {
            prop_assert!(asked.starts_with("/stage/v1/"), "{} became {}", path, asked);
            prop_assert_eq!(&resolved(&asked)[..2], ["stage", "v1"], "{} became {}", path, asked);
        }
    });
}
