//! The one server, and the copies that are made of what LocalStack would forget.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::{
    Router,
    http::{HeaderValue, StatusCode},
    middleware,
    response::Response,
    routing::{any, get},
};
use engines::{Endpoints, Home, aws, mirror};
use manifest::KeyPattern;

use crate::{
    admission, api, breached, connections, loopback, mailbox, media, origins::Origins, problem::problem, storage,
    traces, web,
};

/// How often what LocalStack would forget is saved.
const MIRROR_EVERY: Duration = Duration::from_secs(60);

/// What the edge serves, and where.
pub struct Options {
    /// On loopback.
    pub port: u16,
    /// Where LocalStack answers.
    pub aws_url: String,
    /// Where the deployed API answers.
    pub api_url: String,
    /// The origin that browsers use; it is part of every signed URL.
    pub public_url: String,
    /// The secret by which functions know the edge.
    pub origin_verify: String,
    /// Where every viewer is.
    pub territory: String,
    /// The built web app.
    pub web: PathBuf,
    /// Keys of the media bucket that need no signed URL.
    pub public: Vec<KeyPattern>,
    /// Path → the methods it has, as the gateway knows them.
    pub methods: BTreeMap<String, Vec<String>>,
    /// Whose buckets and secrets are copied; a throw-away platform keeps none.
    pub kept: Option<Home>,
}

/// Serves until the process ends.
pub async fn serve(options: Options) -> Result<()> {
    let config = aws::config(&options.aws_url);
    let origins = Arc::new(Origins {
        client: loopback::http_client()?,
        s3: aws::s3(&config),
        api_url: options.api_url,
        aws_url: options.aws_url.clone(),
        origin_verify: HeaderValue::from_str(&options.origin_verify)?,
        territory: HeaderValue::from_str(&options.territory)?,
        public_url: options.public_url,
        media_key: tokio::sync::OnceCell::new(),
        secrets: aws_sdk_secretsmanager::Client::new(&config),
        web: options.web,
        public: options.public,
        methods: options.methods,
    });
    let router = router(origins);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port))
        .await
        .with_context(|| format!("port {} cannot be opened", options.port))?;
    let serving = connections::accept(listener, router);
    let Some(home) = options.kept else { return serving.await };
    let endpoints = Endpoints { aws: options.aws_url, ..Endpoints::default() };
    tokio::select! {
        ended = serving => ended,
        () = keep_copies(&home, &endpoints) => Ok(()),
    }
}

pub(crate) fn router(origins: Arc<Origins>) -> Router {
    Router::new()
        .route("/v1/{*path}", any(api::forward))
        .route("/media/{*key}", get(media::object).options(media::preflight))
        .route("/storage/{bucket}/{*key}", get(storage::object).put(storage::object))
        .route("/mail", get(mailbox::page))
        .route("/_breached/range/{prefix}", get(breached::range))
        .merge(traces::router())
        .fallback(get(web::file).fallback(wrong_method))
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(origins.clone(), admission::check))
        .with_state(origins)
}

async fn wrong_method() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not know this method.")
}

async fn keep_copies(home: &Home, endpoints: &Endpoints) {
    loop {
        tokio::time::sleep(MIRROR_EVERY).await;
        if let Err(error) = mirror(home, endpoints).await {
            eprintln!("buckets were not saved: {error:#}");
        }
    }
}
