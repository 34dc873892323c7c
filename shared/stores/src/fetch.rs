//! Plain HTTP for the few small documents that come over a URL.

use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};

use crate::StoreError;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// No connection: nothing of it was sent.
    #[error("{0}")]
    NotSent(String),
    /// It may have arrived, and may have been acted upon.
    #[error("{0}")]
    Lost(String),
}

const LIMIT_BYTES: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(2);

/// A client for small documents.
#[derive(Clone)]
pub struct Fetch(Reach);

#[derive(Clone)]
enum Reach {
    Everything(transport::Client),
    Public(transport::PublicClient),
}

impl Default for Fetch {
    fn default() -> Self {
        Self(Reach::Everything(transport::client()))
    }
}

impl Fetch {
    /// For addresses that strangers name: it reaches the public internet over TLS, and nothing else.
    pub fn public() -> Self {
        Self(Reach::Public(transport::public_client()))
    }

    /// The body of a 200 answer of at most 1 MiB, within 2 s.
    pub async fn get(&self, url: &str) -> Result<Bytes, StoreError> {
        let request = Request::get(url).body(Bytes::new()).map_err(|error| StoreError::new("http", error))?;
        let response = self.send(request, TIMEOUT).await?;
        if response.status() != http::StatusCode::OK {
            return Err(StoreError { engine: "http", detail: format!("{url} answered {}", response.status()) });
        }
        Ok(response.into_body())
    }

    /// An answer of whatever status and at most 1 MiB, within `limit`. Redirects are not followed.
    pub async fn send(&self, request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, StoreError> {
        let answer = self.exchange(request, limit).await;
        answer.map_err(|error| StoreError { engine: "http", detail: error.to_string() })
    }

    /// The same for whoever has to know whether a request without an answer may have arrived.
    ///
    /// # Errors
    /// Either.
    pub async fn exchange(&self, request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, NoAnswer> {
        let place = request.uri().clone();
        let answer = async {
            let request = request.map(SdkBody::from);
            let response = match &self.0 {
                Reach::Everything(client) => client.request(request),
                Reach::Public(client) => client.request(request),
            };
            let response = response.await;
            let (head, body) = response.map_err(no_answer)?.into_parts();
            let body = Limited::new(body, LIMIT_BYTES).collect().await;
            let body = body.map_err(|error| NoAnswer::Lost(error.to_string()))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let host = place.authority().map_or("", |authority| authority.as_str());
        // Connecting has a limit of its own, which is shorter.
        let late = || NoAnswer::Lost(format!("{host} did not answer in time"));
        tokio::time::timeout(limit, answer).await.map_err(|_| late())?
    }
}

fn no_answer(error: transport::Error) -> NoAnswer {
    let is_connect = error.is_connect();
    let detail = StoreError::new("http", error).detail;
    if is_connect { NoAnswer::NotSent(detail) } else { NoAnswer::Lost(detail) }
}
