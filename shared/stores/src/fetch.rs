//! Plain HTTP GET for the few documents that come over a URL.

use std::{sync::Once, time::Duration};

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::StoreError;

const LIMIT_BYTES: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(2);

/// Makes ring the process-wide provider of rustls, once.
pub(crate) fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A client for small documents.
#[derive(Clone)]
pub struct Fetch(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

impl Fetch {
    /// Without I/O.
    ///
    /// # Errors
    /// When the system's root certificates cannot be read.
    pub fn new() -> Result<Self, StoreError> {
        install_ring();
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| StoreError::new("http", error))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// The body of a 200 answer of at most 1 MiB, within 2 s.
    pub async fn get(&self, url: &str) -> Result<Bytes, StoreError> {
        let uri: Uri = url.parse().map_err(|error| StoreError::new("http", error))?;
        let request = Request::get(uri).body(Empty::new()).map_err(|error| StoreError::new("http", error))?;
        let answer = async {
            let response = self.0.request(request).await.map_err(|error| StoreError::new("http", error))?;
            if response.status() != http::StatusCode::OK {
                return Err(StoreError { engine: "http", detail: format!("{url} answered {}", response.status()) });
            }
            let body = Limited::new(response.into_body(), LIMIT_BYTES).collect().await;
            Ok(body.map_err(|error| StoreError { engine: "http", detail: error.to_string() })?.to_bytes())
        };
        let late = || StoreError { engine: "http", detail: format!("{url} did not answer in time") };
        tokio::time::timeout(TIMEOUT, answer).await.map_err(|_| late())?
    }
}
