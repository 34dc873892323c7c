//! Stands in for CloudFront: one origin for the web app, the API and the media, with the same checks of signed URLs.

mod api;
mod breached;
mod mailbox;
mod media;
mod web;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use kernel::signed_url::PublicKey;

use crate::{
    engines::{Home, mirror},
    stack::Stack,
};

/// How often what LocalStack would forget is saved.
const MIRROR_EVERY: Duration = Duration::from_secs(60);

/// What every request needs.
pub struct Edge {
    client: reqwest::Client,
    s3: aws_sdk_s3::Client,
    api_url: String,
    aws_url: String,
    origin_verify: HeaderValue,
    territory: HeaderValue,
    public_url: String,
    media_key: tokio::sync::OnceCell<PublicKey>,
    secrets: aws_sdk_secretsmanager::Client,
    web: PathBuf,
}

/// Serves until the process ends.
pub async fn serve(stack: &Stack, home: &Home, port: u16, keep: bool) -> Result<()> {
    let aws = crate::api::aws(&stack.endpoints.aws);
    let setting = |name: &str| stack.settings.get(name).unwrap_or_default().to_owned();
    let edge = Arc::new(Edge {
        client: crate::api::http_client()?,
        s3: crate::api::s3(&aws),
        api_url: stack.api_url(),
        aws_url: stack.endpoints.aws.clone(),
        origin_verify: HeaderValue::from_str(&setting("ORIGIN_VERIFY"))?,
        territory: HeaderValue::from_str(&setting("DEFAULT_TERRITORY"))?,
        public_url: setting("PUBLIC_URL"),
        media_key: tokio::sync::OnceCell::new(),
        secrets: aws_sdk_secretsmanager::Client::new(&aws),
        web: stack.root.join("web/dist"),
    });
    let router = Router::new()
        .route("/v1/{*path}", any(api::forward))
        .route("/media/{*key}", get(media::object).options(media::preflight))
        .route("/mail", get(mailbox::page))
        .route("/_breached/range/{prefix}", get(breached::range))
        .fallback(get(web::file))
        .with_state(edge);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} cannot be opened"))?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = async { axum::serve(listener, service).await.context("the edge ended") };
    if !keep {
        return serving.await;
    }
    tokio::select! {
        ended = serving => ended,
        () = keep_copies(home, &stack.endpoints) => Ok(()),
    }
}

async fn keep_copies(home: &Home, endpoints: &crate::engines::Endpoints) {
    loop {
        tokio::time::sleep(MIRROR_EVERY).await;
        if let Err(error) = mirror(home, endpoints).await {
            eprintln!("buckets were not saved: {error:#}");
        }
    }
}

/// The same problem documents as the functions give.
fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let document = serde_json::json!({
        "type": format!("https://cinema.example/problems/{code}"), "title": code.replace('_', " "),
        "status": status.as_u16(), "code": code, "detail": detail,
    });
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, document.to_string()).into_response()
}

/// The headers that only the edge may set; a client's own are dropped.
const OWN_HEADERS: [&str; 4] =
    ["x-origin-verify", "cloudfront-viewer-country", "cloudfront-viewer-address", "x-forwarded-for"];

fn viewer_address(ConnectInfo(address): ConnectInfo<SocketAddr>) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_str(&format!("{}:{}", address.ip(), address.port())).ok()?;
    Some((HeaderName::from_static("cloudfront-viewer-address"), value))
}
