//! OpenSearch through its official client, on ring.

use std::time::Duration;

use opensearch::{
    OpenSearch,
    http::transport::{SingleNodeConnectionPool, TransportBuilder},
};

use crate::StoreError;

/// A lazy client.
///
/// # Errors
/// When `url` is not a URL.
pub fn client(url: &str, timeout: Duration) -> Result<OpenSearch, StoreError> {
    transport::install_ring();
    let url = opensearch::http::Url::parse(url).map_err(|error| StoreError::new("opensearch", error))?;
    let transport = TransportBuilder::new(SingleNodeConnectionPool::new(url)).timeout(timeout).disable_proxy();
    Ok(OpenSearch::new(transport.build().map_err(|error| StoreError::new("opensearch", error))?))
}
