//! Connections with limits: whoever opens one and says nothing does not keep it.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use anyhow::{Context, Result};
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// From the first byte of a request to the end of its headers; a connection that is kept alive is quiet for no longer.
const HEADERS: Duration = Duration::from_secs(30);
/// Pauses after a failed accept: the process may have run out of files.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn accept(listener: TcpListener, router: Router) -> Result<()> {
    listener.local_addr().context("the edge has no address")?;
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("a connection was not accepted: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let router = router.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request: hyper::Request<Incoming>| answer(router.clone(), address, request));
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEADERS);
            // A client that goes away is no fault of ours.
            let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(
    router: Router,
    address: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(address));
    router.oneshot(request).await
}
