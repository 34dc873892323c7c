//! One HTTP/1.1 client with TLS on ring for everything that goes over a URL, the AWS SDK included.
//!
//! Root certificates are Mozilla's, compiled in: reading those of the system costs every cold start several milliseconds of CPU.

mod public;
mod sdk;

use std::{cell::OnceCell, sync::Once, time::Duration};

use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

pub use hyper_util::client::legacy::Error;
pub use public::{PublicClient, is_public, public_client};
pub use sdk::{for_sdk, is_unconnected};

/// A TCP connection opens within this time or the call fails.
const CONNECT: Duration = Duration::from_secs(1);

/// The client; a clone shares its connections.
pub type Client = legacy::Client<HttpsConnector<HttpConnector>, SdkBody>;

/// A value of a URL's query, as it is written there: for what a client has to be told apart from the URL, such as a password of letters and digits.
pub fn query_value<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(found, _)| *found == name).map(|(_, value)| value)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let url = "http://127.0.0.1:8123/?user=default&password=a1&my_user=b";
        assert_eq!((query_value(url, "user"), query_value(url, "password")), (Some("default"), Some("a1")));
        assert_eq!(query_value(url, "word"), None);
        assert_eq!(query_value("http://127.0.0.1:8123", "user"), None);
    }
}
