//! One HTTP/1.1 client with TLS on ring for everything that goes over a URL, the AWS SDK included.
//!
//! Root certificates are Mozilla's, compiled in: reading those of the system costs every cold start several milliseconds of CPU.

mod sdk;

use std::{cell::OnceCell, sync::Once, time::Duration};

use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

pub use sdk::for_sdk;

/// A TCP connection opens within this time or the call fails.
const CONNECT: Duration = Duration::from_secs(1);

/// The client; a clone shares its connections.
pub type Client = legacy::Client<HttpsConnector<HttpConnector>, SdkBody>;

/// Makes ring the process-wide provider of rustls, once.
pub fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// This thread's client, built without I/O. Per thread, because connections belong to the async runtime that opened them: a function has one
/// thread, but each test has a runtime of its own.
pub fn client() -> Client {
    thread_local! {
        static CLIENT: OnceCell<Client> = const { OnceCell::new() };
    }
    CLIENT.with(|client| client.get_or_init(build).clone())
}

fn build() -> Client {
    install_ring();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
    legacy::Client::builder(TokioExecutor::new()).build(tls)
}
