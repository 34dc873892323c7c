//! Plain HTTP for the few small documents that come over a URL.

use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};

use crate::StoreError;

const LIMIT_BYTES: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(2);

/// A client for small documents.
#[derive(Clone)]
pub struct Fetch(transport::Client);

impl Default for Fetch {
    fn default() -> Self {
        Self(transport::client())
    }
}

impl Fetch {
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
        let place = request.uri().clone();
        let answer = async {
            let response = self.0.request(request.map(SdkBody::from)).await;
            let (head, body) = response.map_err(|error| StoreError::new("http", error))?.into_parts();
            let body = Limited::new(body, LIMIT_BYTES).collect().await;
            let body = body.map_err(|error| StoreError { engine: "http", detail: error.to_string() })?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let host = place.authority().map_or("", |authority| authority.as_str());
        let late = || StoreError { engine: "http", detail: format!("{host} did not answer in time") };
        tokio::time::timeout(limit, answer).await.map_err(|_| late())?
    }
}
