//! The client as the AWS SDK's connector. Its own, `aws-smithy-http-client`, always brings HTTP/2, which no AWS endpoint here speaks, and the
//! system's root certificates.

use std::{error::Error, io};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    shared::IntoShared,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use hyper_util::client::legacy;

use crate::Client;

/// An HTTP client for `SdkConfig`. Limits on attempts and operations are the SDK's; the limit on connecting is this crate's.
pub fn for_sdk() -> SharedHttpClient {
    let connector: SharedHttpConnector = Connector(crate::client()).into_shared();
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let response = answer.await.map_err(classify)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What the SDK retries, as its own connector decides: everything that broke on the way.
fn classify(error: legacy::Error) -> ConnectorError {
    let source = |error| find::<hyper::Error>(error);
    let late = find::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    if late || source(&error).is_some_and(hyper::Error::is_timeout) {
        ConnectorError::timeout(error.into())
    } else if source(&error).is_some_and(hyper::Error::is_user) {
        ConnectorError::user(error.into())
    } else if source(&error).is_some_and(hyper::Error::is_incomplete_message) {
        // A kept connection that the server had closed.
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else if error.is_connect()
        || find::<io::Error>(&error).is_some()
        || source(&error).is_some_and(|error| error.is_closed() || error.is_canceled())
    {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error.downcast_ref().or_else(|| find(error.source()?))
}
