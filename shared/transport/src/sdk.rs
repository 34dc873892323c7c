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

/// Whether a call failed before anything of it left: no connection could be made.
pub fn is_unconnected(error: &(dyn Error + 'static)) -> bool {
    find::<legacy::Error>(error).is_some_and(legacy::Error::is_connect)
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error.downcast_ref().or_else(|| find(error.source()?))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    async fn call(url: &str) -> Result<HttpResponse, ConnectorError> {
        let request = http::Request::get(url).body(SdkBody::empty()).unwrap();
        Connector(crate::client()).call(request.try_into().unwrap()).await
    }

    /// A server that reads one request and writes `answer` before it closes.
    async fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn an_answer_passes() {
        let answer = call(&server("HTTP/1.1 418 Teapot\r\ncontent-length: 2\r\n\r\nhi").await).await.unwrap();
        assert_eq!(answer.status().as_u16(), 418);
    }

    #[tokio::test]
    async fn a_refused_connection_may_be_retried() {
        let error = call("http://127.0.0.1:1/").await.unwrap_err();
        assert!(error.is_io() && is_unconnected(&error));
    }

    #[tokio::test]
    async fn a_connection_that_ends_without_an_answer_may_be_retried() {
        let error = call(&server("").await).await.unwrap_err();
        assert_eq!((error.as_other(), is_unconnected(&error)), (Some(ErrorKind::TransientError), false));
    }

    #[tokio::test]
    async fn an_answer_that_is_no_http_is_not_retried() {
        let error = call(&server("* OK IMAP4rev1\r\n\r\n").await).await.unwrap_err();
        assert_eq!((error.is_io(), error.is_timeout(), error.as_other()), (false, false, None));
    }
}
